import CMD5
import Model

extension S3Bucket {
    /// Compares what a server says it has got with what it was sent, where it says that.
    func check(_ answer: AWSAnswer, got bytes: [UInt8], _ key: String) throws(StoreError) {
        guard let tag = answer["etag"].flatMap(MD5.init(tag:)), !answer.isEncryptedByKey, tag != MD5(bytes) else {
            return
        }
        throw StoreError(
            .unavailable, "s3://\(name)/\(key) was damaged on its way: the server has another checksum",
            mayHaveWritten: true)
    }
}

extension AWSAnswer {
    /// Tags of what is encrypted by a key of AWS' or of ours say nothing of the content.
    fileprivate var isEncryptedByKey: Bool {
        self["x-amz-server-side-encryption"]?.hasPrefix("aws:") == true
            || self["x-amz-server-side-encryption-customer-algorithm"] != nil
    }
}

/// What S3 has for a tag of what came in one piece.
struct MD5: Hashable {
    private let digest: [UInt8]

    init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes { MD5($0) } }

    init(_ bytes: UnsafeRawBufferPointer) {
        digest = [UInt8](unsafeUninitializedCapacity: 16) { digest, count in
            md5_digest(bytes.baseAddress, bytes.count, digest.baseAddress)
            count = 16
        }
    }

    /// Nil where the tag is no MD5.
    init?(tag: String) {
        let digits = tag.utf8.filter { $0 != UInt8(ascii: "\"") }
        let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 32, values.count == 32 else { return nil }
        digest = stride(from: 0, to: 32, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }
}
