/// What is sent to a server.
package struct Request: Sendable {
    package enum Version: Sendable {
        case http1
        /// HTTP/2 where the server speaks it over TLS.
        case http2
        /// HTTP/2 without TLS and without asking, as gRPC has it.
        case cleartext
    }

    package var method: String
    package var url: String
    /// Lines of the form `name: value`.
    package var headers: [String]
    package var body: [UInt8]?
    package var version = Version.http1
    package var timeout = Duration.seconds(60)
    package var trust = Trust.system
    /// How long an answer may be.
    package var limit = 1 << 30
    /// Takes the body of an answer in place of ``Response/body``, if its status is a good one.
    package var sink: Sink?

    package init(_ method: String, _ url: String, headers: [String] = [], body: [UInt8]? = nil) {
        (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
    }
}

/// Takes the body of an answer as it comes in, with its status, on the thread that carries all exchanges with a server;
/// answers whether it wants more.
package typealias Sink = @Sendable (_ status: Int, _ bytes: UnsafeRawBufferPointer) -> Bool

/// Which certificates are believed.
package enum Trust: Hashable, Sendable {
    case system
    /// Those signed by an authority in this file.
    case authorities(path: String)
    case anyone
}

package struct Response: Sendable {
    package var status = 0
    /// In the order in which they came, names in small letters; those behind the body too.
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8] = []
    /// Whether it came when the whole request had gone out.
    package var isToWhole = true

    package subscript(name: String) -> String? { headers.last { $0.name == name }?.value }
}
