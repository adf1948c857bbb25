import Model
import Synchronization

/// A plan being carried out, from wherever its journal says it stands.
package final class Job: Sendable {
    package let id: String
    package let plan: Plan
    package let progress: Progress
    let journal: Journal
    package let folder: JobFolder
    private let lock: JobLock
    let source: any Store
    let target: any Store
    let patience: Patience
    private let isStopping = Atomic(false)
    let hasLostReceipts = Atomic(false)
    private let sourceToken = Mutex("")
    /// Whether the target held something already when this run began.
    let isResumed: Bool

    /// Whether the target may hold what the journal does not know of.
    var mayHoldMore: Bool { isResumed || hasLostReceipts.load(ordering: .relaxed) }

    /// Takes the job's lock and reads its journal.
    package init(
        _ folder: JobFolder, from source: any Store, to target: any Store, patience: Patience = Patience(),
        tuning: Tuning? = nil, timeline: Timeline = Timeline()
    ) async throws {
        id = folder.id
        self.folder = folder
        lock = try folder.lock()
        folder.forgetStop()
        var plan = try folder.plan()
        if let tuning { plan.tuning = plan.tuning.changed(by: tuning) }
        self.plan = plan
        journal = try Journal(path: folder.journalPath)
        (self.source, self.target, self.patience) = (source, target, patience)
        let state = await journal.state
        isResumed = state.identity != nil
        progress = Progress(total: plan.records, done: state.digest.count, rejected: state.rejected, timeline: timeline)
    }

    /// One slice of a plan, alone: another process may run its neighbours, and knows nothing of this one.
    ///
    /// Its journal lies in a folder of its own, so the same call goes on where it stopped.
    package static func slice(
        _ index: Int, of plan: Plan, in home: String, from source: any Store, to target: any Store
    ) async throws -> Job {
        guard let slice = plan.slices.first(where: { $0.index == index }) else {
            throw JobError("the plan has no slice \(index)", help: "it has \(plan.slices.count), from 0")
        }
        var part = plan
        part.slices = [slice]
        // Whoever runs the slices has made room for all of them.
        part.existing = .append
        let folder = JobFolder.slice(index, of: plan, in: home)
        try folder.prepare(part)
        return try await Job(folder, from: source, to: target)
    }

    /// Copies the records of the plan's slices and nothing else; for slices that run alone.
    package func runSlices() async throws {
        try await recordingFailure {
            try await prepare()
            try await copySlices()
        }
    }

    /// What went wrong is in the journal for whoever looks later, as far as it can be written.
    private func recordingFailure(_ body: () async throws -> Void) async throws {
        do { try await body() } catch {
            if !(error is Stopped || error is CancellationError) {
                let event = Event.failed(why: JobError.reason(of: error), at: Timestamp.now)
                try? await journal.append(progress.takeRetries() + [event])
            }
            try? folder.publish(plan.tuning)
            throw error
        }
    }

    package var state: JobState { get async { await journal.state } }

    /// Asks the job to end at the next page, with everything before it recorded.
    package func stop() { isStopping.store(true, ordering: .relaxed) }

    /// The job was asked to stop, and has.
    package struct Stopped: Error {}

    /// Does what is still to be done.
    package func run() async throws {
        try folder.publish(plan.tuning)
        try await recordingFailure {
            try await prepare()
            try await load()
            try await catchUp()
            try await buildIndexes()
            try await moveAliases()
            try await journal.append(
                progress.takeRetries() + [.completed(source: sourceToken.withLock { $0 }, target: targetToken())])
        }
        try folder.publish(plan.tuning)
        progress.count { $0.phase = "finished" }
    }

    var name: String { plan.context.written }

    /// Notes what a comparison with the source has found.
    package func record(verified isEqual: Bool) async throws(JobError) {
        try await journal.append(.verified(equal: isEqual))
        try folder.publish(plan.tuning)
    }

    // MARK: Target

    private func prepare() async throws {
        if let identity = await journal.state.identity { return try await checkTarget(identity) }
        if plan.existing == .replace, plan.context.staging == nil { try await target.drop(name, being: nil) }
        var shape = plan.context.shape
        shape.indexes = []
        let isAppending = (plan.existing == .append || !plan.context.brings(.schema)) && plan.context.staging == nil
        // An earlier run may have made it, and more, and died before it could say so.
        if let there = try await existing(), isAppending || there.collection.withoutIndexes == shape {
            try await journal.append(.created(identity: there.identity))
        } else if !plan.context.brings(.schema) {
            throw JobError("there is no \(plan.context.target), and its schema is not brought")
        } else {
            let identity = try await patiently { () throws(StoreError) in try await target.create(shape) }
            try await journal.append(.created(identity: identity))
        }
    }

    /// A step of the target that done twice is done once, made again while its failure may pass.
    private func patiently<Result>(_ step: () async throws(StoreError) -> Result) async throws(StoreError) -> Result {
        try await patience.repeating(progress) { _ throws(StoreError) in try await step() }
    }

    private func existing() async throws -> Description? {
        do throws(StoreError) { return try await target.describe(name) } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    private func checkTarget(_ identity: Identity) async throws {
        guard try await existing()?.identity == identity else {
            throw JobError(
                "the target \(name) is not the collection that job \(id) has been writing",
                help: "it was dropped or replaced; say `fresh` to begin anew")
        }
    }

    // MARK: Records

    /// Until a load has ended, what is written need not be seen in the target.
    private func load() async throws {
        guard let loading = target.loading, await !journal.state.isLoaded else { return try await copySlices() }
        do {
            try await patience.repeating(progress) { _ throws(StoreError) in try await loading.begin(name, for: id) }
            try await copySlices()
            progress.count { $0.phase = "finishing" }
            try await patience.repeating(progress) { _ throws(StoreError) in try await loading.finish(name, for: id) }
        } catch {
            await loading.pause(name)
            throw error
        }
        try await journal.append(.loaded)
    }

    private func copySlices() async throws {
        try await PatientReading(reading(), patience, progress).closing { reading in
            if isResumed { try await discardUnacknowledged() }
            if plan.context.brings(.data) {
                try await copyAll(reading)
                try await noteUnread(reading)
            }
            // What was sent before, and had no answer, may have arrived only now.
            if mayHoldMore { try await discardUnacknowledged() }
            try await remember(reading)
        }
    }

    /// Looks for what the source has counted and not handed out.
    private func noteUnread(_ reading: any Reading) async throws {
        guard plan.context.limit == nil else { return }
        let copied = await journal.state.digest.count
        let unread = try await FilteredReading(reading, plan.context.condition).unread(seen: copied)
        if await journal.state.unread != unread { try await journal.append(.unread(unread)) }
    }

    func openSlices() async throws -> [Slice] {
        let state = await journal.state
        return (state.slices ?? plan.slices).filter { !state.finished.contains($0.index) }.map { slice in
            var slice = slice
            slice.after = state.cursors[slice.index] ?? slice.after
            return slice
        }
    }

    func copy(_ slices: [Slice], _ reading: any Reading) async throws {
        // One writer is kept busy by two readers; more would only hold memory.
        let useful = min(source.facts.readers, 2 * target.facts.writers)
        let parallel = SystemMemory.isShort ? plan.tuning.parallel / 2 : plan.tuning.parallel
        let lanes = max(1, min(parallel, useful, slices.count))
        let copier = try await copier(reading, lanes)
        let isAgain = await journal.state.slices != nil || isResumed || plan.existing == .append
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, slice) in slices.enumerated() {
                if number >= lanes { try await group.next() }
                group.addTask { try await copier.copy(slice, attempt: isAgain ? .again : .first) }
            }
            try await group.waitForAll()
        }
        try stopIfAsked()
    }

    private func copier(_ reading: any Reading, _ lanes: Int) async throws -> SliceCopier {
        let context = plan.context
        let wanted = try context.mapping.shape(of: reading.description.collection, named: name)
        let actual = try await target.describe(name).collection
        let pace = Pacemaker(plan.tuning.page)
        let rejects = try plan.tuning.rejects.map { path throws(JobError) in try RejectsFile(path, actual) }
        let writer = PatientWriter(
            store: target, collection: name, gate: Gate(max(1, target.facts.writers)), progress: progress,
            rejects: rejects, patience: patience, pace: pace, receipts: isInventing ? Receipts() : nil)
        let copied = await journal.state.digest.count
        return SliceCopier(
            pages: try FilteredReading(reading, context.condition, wanted: context.mapping.projection),
            mapper: try Mapper(context.mapping, from: reading.description.collection, to: wanted.ordered(like: actual)),
            hash: RecordHash(actual), writer: writer, journal: journal, progress: progress, tuning: plan.tuning,
            memory: Gate(plan.tuning.memory), checkStop: { [weak self] in try self?.stopIfAsked() },
            patience: patience, lanes: lanes, pace: pace,
            flusher: target.flushing.map { Flusher($0, name, patience) },
            bringsPartitions: plan.context.brings(.partitions),
            limit: context.limit.map { max(0, $0 - copied) },
            nextNumber: context.isNumbering ? context.mapping.firstNumber + Int64(copied) : nil)
    }

    func stopIfAsked() throws {
        if isStopping.load(ordering: .relaxed) || isGivenUp { throw Stopped() }
    }

    /// Whether someone asked for the job's end from another process.
    package var isGivenUp: Bool { folder.isAskedToStop }

    // MARK: What comes after the records

    private func buildIndexes() async throws {
        progress.count { $0.phase = "indexing" }
        guard let indexing = target.indexing else { return }
        let done = await journal.state.indexed
        for index in plan.context.shape.indexes where !done.contains(index.name) {
            try stopIfAsked()
            let watch = IndexWatch(index.name, of: name, in: target)
            progress.count { $0.index = watch }
            try await watch.during { () throws(StoreError) in
                try await patiently { () throws(StoreError) in try await indexing.create(index, on: name) }
            }
            progress.count { $0.index = nil }
            try await journal.append(.indexed(name: index.name))
        }
        try await patiently { () throws(StoreError) in try await target.settle(name) }
    }

    private func moveAliases() async throws {
        guard plan.context.brings(.aliases), let aliasing = target.aliasing else { return }
        for alias in try await source.describe(plan.context.source.collection).aliases {
            try await patiently { () throws(StoreError) in try await aliasing.point(alias, to: name) }
            try await journal.append(.aliased(name: alias))
        }
    }

    // MARK: Tokens

    /// What was copied, and not what may stand there by the time all is done.
    func remember(_ reading: any Reading) async throws {
        let token = try await plan.context.token(reading)
        sourceToken.withLock { $0 = token }
    }

    /// A target that would have to come into memory for it is not read: it has acknowledged each record that was sent.
    private func targetToken() async throws -> String {
        let state = await journal.state
        guard target.counting != nil, target.facts.moment != .durable, let identity = state.identity, !mayHoldMore,
            plan.existing != .append, plan.context.brings(.data), state.rejected == 0
        else { return try await plan.context.token(target, name) }
        return "\(identity.token) \(state.digest.count)"
    }
}

extension Context {
    /// What a collection is now, as far as can be told quickly; without its records, which collection it is.
    package func token(_ store: any Store, _ name: String) async throws -> String {
        try await store.read(name, at: nil).closing { try await token($0) }
    }

    fileprivate func token(_ reading: any Reading) async throws -> String {
        let identity = reading.description.identity.token
        guard brings(.data) else { return identity }
        return try await "\(identity) \(reading.count(nil))" + (reading.revision.map { " \($0)" } ?? "")
    }
}

extension Collection {
    fileprivate var withoutIndexes: Collection {
        var bare = self
        bare.indexes = []
        return bare
    }
}
