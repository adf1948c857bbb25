import Depot
import Language
import Model

/// The words that `download` and `upload` share.
enum Transferring {
    private static let choices = [
        Slot.Choice("parallel", "parts that are under way at the same time; 6"),
        Slot.Choice("part", "bytes of a part; 8MiB"),
        Slot.Choice("status", "a file, or an object s3://bucket/key, that always says how far it is, as JSON"),
        Slot.Choice("profile", "a profile of ~/.aws/config; else AWS_PROFILE"),
        Slot.Choice("region", "else AWS_REGION, or the profile's"),
        Slot.Choice("endpoint", "an S3 server in AWS' place; else AWS_ENDPOINT_URL"),
    ]
    static let options = Parameter<Options>.options("with", choices, "How")
    private static let downloadOptions = Parameter<Options>.options(
        "with", choices + [Slot.Choice("manifest", "no: take what is there, also if nothing says that it is all")],
        "How")
    static let policy = Parameter<Located<String>>.words(
        "if exists",
        [
            Slot.Choice("fail", "stop if it is another, the default"), Slot.Choice("skip", "leave it as it is"),
            Slot.Choice("replace", "by what comes"),
        ], "What happens if the target is there")
    private static let exists = Clause("if", [.word("exists"), policy.form], policy.slot.summary)
    static let uploadClauses = [exists, Clause("with", [options.form], "How")]
    /// What a person types to have it replaced.
    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    static let downloadClauses = [exists, Clause("with", [downloadOptions.form], "How")]
}

extension Session {
    func address(_ uri: Located<String>) throws -> DepotAddress {
        do throws(StoreError) {
            let address = try DepotAddress(uri.value)
            guard case .disk(let path) = address else { return address }
            return .disk(path: expanded(path))
        } catch { throw Failure(error, at: uri.span) }
    }

    /// A bucket as environment, profile and options have it.
    func bucket(_ name: String, _ options: Options) async throws(StoreError) -> S3Bucket {
        let profile = options["profile"]?.value.description
        var settings = try await AWSSettings(service: "S3", profile: profile, invocation.environment)
        if let region = options["region"] { settings.region = region.value.description }
        if let endpoint = options["endpoint"] { try settings.use(endpoint: endpoint.value.description) }
        return S3Bucket(name, settings)
    }

    func tuning(_ options: Options) throws -> TransferTuning {
        var tuning = TransferTuning()
        tuning.parallel = min(64, try options.number("parallel") ?? tuning.parallel)
        guard let part = try options.size("part") else { return tuning }
        guard (5 << 20...1 << 30).contains(part) else {
            throw Failure("E0317", "a part has from 5MiB to 1GiB", at: options["part"]?.span)
        }
        tuning.part = part
        return tuning
    }

    /// Says what a bucket's server thinks of our clock.
    func warnOfClock(_ bucket: S3Bucket) {
        let lead = bucket.clockLead
        guard abs(lead) > 60 else { return }
        messages.warn(
            "this machine's clock is \(abs(lead) / 60) minutes \(lead > 0 ? "behind" : "ahead of") the server's")
    }
}
