import Model

extension LightRAGStore: Searching {}

/// What is written meanwhile stays in a spool of the job's; the file is made once, at the end.
extension LightRAGStore: Loading {
    package func begin(_ name: String, for job: String) throws(StoreError) {
        let name = try known(name)
        guard loads[name.name] != job else { return }
        pause(name.name)
        try publish(name)
        endWriting(name)
        loads[name.name] = job
        do throws(StoreError) { _ = try writer(name) } catch {
            loads[name.name] = nil
            throw error
        }
    }

    package func finish(_ name: String, for job: String) throws(StoreError) {
        try begin(name, for: job)
        try publish(known(name))
        pause(name)
    }

    package func pause(_ name: String) {
        guard let name = LightRAGName(name), loads.removeValue(forKey: name.name) != nil else { return }
        endWriting(name)
    }
}

extension LightRAGStore: Renaming {
    package func rename(_ name: String, to newName: String) throws(StoreError) {
        let old = try known(name)
        guard let new = LightRAGName(newName) else { throw .lightRAG(noName: newName) }
        guard old.kind == new.kind else {
            throw StoreError(.unsupported, "\(name) cannot become \(newName): its file would be of another kind")
        }
        guard try !isThere(new) else { throw .isCollection(newName) }
        try beginChange()
        if old.isGraph { try move(old, to: new) } else { try swap([old.name: new.name]) }
    }

    /// Half of a graph's file moves record by record, as the other half stays where it is; the old one goes last.
    private func move(_ old: LightRAGName, to new: LightRAGName) throws(StoreError) {
        let snapshot = try snapshot(old.name)
        var shape = snapshot.collection
        shape.name = new.name
        try create(shape)
        var place = 0
        while place < snapshot.outline.rows.count,
            let batch = try snapshot.page(place..<snapshot.outline.rows.count, .all, Budget())
        {
            try write(batch, to: new.name, .first)
            place += batch.count
        }
        try settle(new.name)
        try drop(old.name, being: nil)
    }
}
