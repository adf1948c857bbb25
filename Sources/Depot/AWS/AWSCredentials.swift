/// A key to AWS' services, and the secret that proves whose it is.
package struct AWSCredentials: Hashable, Sendable {
    package var accessKey: String
    package var secretKey: String
    /// Of those that are lent for a time.
    package var sessionToken: String?
    /// Microseconds since 1970.
    package var expires: Int64?

    package init(accessKey: String, secretKey: String, sessionToken: String? = nil, expires: Int64? = nil) {
        (self.accessKey, self.secretKey) = (accessKey, secretKey)
        (self.sessionToken, self.expires) = (sessionToken, expires)
    }

    /// Whether they hold for some minutes yet.
    func lasts(_ now: Int64) -> Bool { expires.map { $0 - now > 120_000_000 } ?? true }
}
