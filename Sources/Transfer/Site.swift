import JSON
import Model

/// One collection of one store, as a plan names it.
package struct Site: Hashable, Sendable {
    /// The name under which the store was open.
    package var connection: String
    /// Its URI, without secrets.
    package var endpoint: String
    package var collection: String

    package init(connection: String, endpoint: String, collection: String) {
        self.connection = connection
        self.endpoint = endpoint
        self.collection = collection
    }

    var json: JSONValue {
        ["connection": .string(connection), "endpoint": .string(endpoint), "collection": .string(collection)]
    }

    init?(json: JSONValue?) {
        guard let connection = json?["connection"]?.string, let endpoint = json?["endpoint"]?.string,
            let collection = json?["collection"]?.string
        else { return nil }
        self.init(connection: connection, endpoint: endpoint, collection: collection)
    }
}

extension Site: CustomStringConvertible {
    package var description: String { "\(connection):\(collection)" }
}
