import Model

extension LightRAGStore: Searching {}

/// What is written meanwhile stays in the spool; the file is made once, at the end.
extension LightRAGStore: Loading {
    package func begin(_ name: String) throws(StoreError) {
        let name = try known(name)
        if !loads.contains(name.name) { try publish(name) }
        _ = try writer(name)
        loads.insert(name.name)
    }

    package func finish(_ name: String) throws(StoreError) {
        let name = try known(name)
        _ = try writer(name)
        try publish(name)
        loads.remove(name.name)
    }
}

extension LightRAGStore: Renaming {
    package func rename(_ name: String, to newName: String) throws(StoreError) {
        let old = try known(name)
        guard let new = LightRAGName(newName) else { throw .lightRAG(noName: newName) }
        guard old.kind == new.kind, !old.isGraph else {
            throw StoreError(.unsupported, "\(name) cannot become \(newName): its file would be of another kind")
        }
        guard try !isThere(new) else { throw .isCollection(newName) }
        try beginChange()
        try swap([old.name: new.name])
    }
}
