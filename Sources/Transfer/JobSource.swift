import Model

/// What a job reads, and what it does where that has changed since it began.
extension Job {
    /// The source as the plan saw it; where that moment is gone, as it is now.
    func reading() async throws -> any Reading {
        let state = await journal.state
        let collection = plan.context.source.collection
        let moment = state.moment ?? plan.moment
        guard moment.life == .durable else {
            let reading = try await unreplaced(source.read(collection, at: nil))
            // What was read by an earlier run was read at another moment; places in the source are good for both.
            if isResumed { try await refuseLimited(reading) }
            if isResumed { try await journal.append(.moved(to: reading.moment, slices: [])) }
            return reading
        }
        do throws(StoreError) { return try await source.read(collection, at: moment) } catch {
            guard error.code == .expired else { throw error }
        }
        let reading = try await unreplaced(source.read(collection, at: nil))
        try await refuseLimited(reading)
        try await journal.append(.moved(to: reading.moment, slices: reading.slices(atMost: plan.slices.count)))
        return reading
    }

    /// Which records are the first ones may be another question by now.
    private func refuseLimited(_ reading: any Reading) async throws {
        guard let limit = plan.context.limit else { return }
        await reading.close()
        throw JobError(
            "a copy with `limit \(limit)` was stopped, and \(plan.context.source) cannot be read as it was then",
            help: "say `fresh` to begin anew")
    }

    /// Records with keys of the target's own cannot be replaced one by one: that as many are there as were written is all
    /// that can be told without reading both sides, which `verify` does.
    private func refuseChanged(_ reading: any Reading) async throws {
        let state = await journal.state
        guard plan.context.limit == nil else { return }
        let count = try await reading.count(matching: plan.context.condition) - state.unread.count
        guard count == Int(state.digest.count) + state.rejected || count == Int(state.digest.count) else {
            throw JobError(
                "\(plan.context.source) has changed while job \(id) was stopped, and \(name) makes up its keys",
                help: "say `fresh` to begin anew")
        }
    }

    /// Throws if another collection stands there, or one of another shape, than when the job was planned.
    private func unreplaced(_ reading: any Reading) async throws -> any Reading {
        let description = reading.description
        let wanted = try plan.context.mapping.shape(of: description.collection, named: name)
        let fit = target.fit(wanted, into: plan.existing == .append ? plan.context.shape : nil, plan.context.mapping)
        guard description.identity == plan.context.sourceIdentity,
            fit.collection.columns == plan.context.shape.columns,
            plan.existing != .append || !fit.verdicts.contains(where: { $0.grade == .impossible })
        else {
            await reading.close()
            throw JobError(
                "the source \(plan.context.source) has been replaced or altered since job \(id) began",
                help: "say `fresh` to begin anew")
        }
        return reading
    }

    /// Slices that were read at different moments may have missed a change in between: what differs is moved again.
    func catchUp() async throws {
        guard await journal.state.moment != nil else { return }
        progress.count { $0.phase = "catching up" }
        try await unreplaced(source.read(plan.context.source.collection, at: nil)).closing { reading in
            try await remember(reading)
            guard !plan.context.changes.contains(.rekeyed) else { return try await refuseChanged(reading) }
            try await target.read(name, at: nil).closing { written in
                let side = Side(written, nil)
                let origin = try Side(reading, plan.context.condition, plan.context.mapping, like: side)
                let sync = Sync(
                    source: origin, target: side, in: target, likeness: Likeness(changes: plan.context.changes),
                    deleting: plan.existing != .append, patience: patience, progress: progress)
                _ = try await sync.run()
            }
        }
    }
}

extension Collection {
    /// All that a record's values depend on.
    fileprivate var columns: Collection {
        Collection(name: "", key: key, vectors: vectors, fields: fields, isOpen: isOpen)
    }
}
