/// How near two vectors are.
package enum Metric: String, Hashable, Sendable, CaseIterable {
    case l2, ip, cosine, l1, hamming, jaccard, bm25

    /// Whether a larger score is nearer.
    package var prefersLarger: Bool {
        switch self {
        case .ip, .cosine, .bm25: true
        case .l2, .l1, .hamming, .jaccard: false
        }
    }

    package init?(spelled text: String) { self.init(rawValue: text.lowercased()) }
}
