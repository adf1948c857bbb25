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
            if isResumed { try await journal.append(.moved(to: reading.moment, slices: [])) }
            return reading
        }
        do throws(StoreError) { return try await source.read(collection, at: moment) } catch {
            guard error.code == .expired else { throw error }
        }
        let reading = try await unreplaced(source.read(collection, at: nil))
        try await journal.append(.moved(to: reading.moment, slices: reading.slices(atMost: plan.slices.count)))
        return reading
    }

    /// Runs `body`, and closes the reading however that ends.
    func withReading<Result>(
        _ reading: any Reading, _ body: (any Reading) async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await body(reading)
            await reading.close()
            return result
        } catch {
            await reading.close()
            throw error
        }
    }

    /// Throws if another collection stands there, or one of another shape, than when the job was planned.
    private func unreplaced(_ reading: any Reading) async throws -> any Reading {
        let description = reading.description
        let wanted = try plan.context.mapping.shape(of: description.collection, named: name)
        let fit = target.fit(wanted, into: plan.existing == .append ? plan.context.shape : nil)
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

    // MARK: After a source that changed

    /// A source that was not read in one moment may have changed in what was copied already: then both sides are
    /// compared, and where they differ all is read again, in one moment.
    func compareIfMoved() async throws {
        for _ in 0..<Self.mostComparisons {
            let state = await journal.state
            guard state.moment != nil, state.isVerified != true else { return }
            try stopIfAsked()
            progress.count { $0.phase = "comparing" }
            let found = try await comparison()
            let hasExtra = found.extra > 0 && plan.existing != .append
            guard found.missing + found.different > 0 || hasExtra else {
                return try await journal.append(.verified(equal: true))
            }
            if found.missing + found.different > 0 { try await copyAgain() }
            if hasExtra { try await target.delete(found.extraKeys, from: name) }
        }
        throw JobError(
            "the source \(plan.context.source) changes faster than it can be copied",
            help: "stop what writes to it; the same line goes on then")
    }

    private static var mostComparisons: Int { 10 }
    /// Keys of records that the source no longer has, at once.
    private static var mostExtraKeys: Int { 1_000_000 }

    private func comparison() async throws -> Verify.Result {
        try await withReading(target.read(name, at: nil)) { copied in
            try await withReading(unreplaced(source.read(plan.context.source.collection, at: nil))) { original in
                let right = Side(copied, nil)
                let left = try Side(original, plan.context.filter, plan.context.mapping, like: right)
                var verify = Verify(source: left, target: right)
                verify.mostExtraKeys = Self.mostExtraKeys
                try await remember(original)
                return try await verify.run()
            }
        }
    }

    private func copyAgain() async throws {
        let source = plan.context.source.collection
        try await withReading(unreplaced(self.source.read(source, at: nil))) { reading in
            try await journal.append(.moved(to: reading.moment, slices: reading.slices(atMost: plan.slices.count)))
            progress.count {
                $0.phase = "copying again"
                $0.records = 0
            }
            try await copy(openSlices(), reading)
        }
    }
}

extension Collection {
    /// All that a record's values depend on.
    fileprivate var columns: Collection {
        Collection(name: "", key: key, vectors: vectors, fields: fields, isOpen: isOpen)
    }
}
