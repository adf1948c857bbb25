/// The pages of a reading, with a filter of which the store may answer only a part.
///
/// The place reached lives here and not in the store, so that a scan can be taken up again from any page.
package struct FilteredPages: AsyncSequence, Sendable {
    private let reading: any Reading
    private let scan: Scan
    private let wanted: Projection
    private let rest: Filter?

    /// `filter` must be one that ``BoundFilter`` takes for this collection.
    package init(
        _ reading: any Reading, _ filter: Filter?, wanted: Projection = .all, slice: Slice = .whole,
        budget: Budget = Budget()
    ) {
        let conjuncts = filter?.conjuncts ?? []
        self.reading = reading
        self.wanted = wanted
        rest = Filter(conjuncts: conjuncts.filter { !reading.answers($0) })
        scan = Scan(
            slice: slice, filter: Filter(conjuncts: conjuncts.filter { reading.answers($0) }),
            wanted: rest.map { wanted.including($0.fields) } ?? wanted, budget: budget)
    }

    /// Whether the store answers all of the filter.
    package var isAnswered: Bool { rest == nil }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate var scan: Scan
        fileprivate let reading: any Reading
        fileprivate let rest: Filter?
        fileprivate let wanted: Projection
        private var bound: BoundFilter?

        fileprivate init(_ pages: FilteredPages) {
            (scan, reading, rest, wanted) = (pages.scan, pages.reading, pages.rest, pages.wanted)
        }

        package mutating func next(isolation: isolated (any Actor)? = #isolation) async throws(StoreError) -> Page? {
            guard var page = try await reading.page(scan) else { return nil }
            scan.slice.after = page.end
            guard let rest else { return page }
            let shape = scan.wanted.shape(of: reading.description.collection)
            let rows = try bound(rest, shape).rows(of: page.batch)
            page.batch = page.batch.rows(rows).projected(wanted, shape)
            return page
        }

        private mutating func bound(_ filter: Filter, _ shape: Collection) throws(StoreError) -> BoundFilter {
            if let bound { return bound }
            let made = try BoundFilter(filter, shape)
            bound = made
            return made
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(self) }
}

extension Reading {
    /// How many records a filter keeps, whatever the store answers of it.
    package func count(matching filter: Filter?) async throws(StoreError) -> Int {
        let conjuncts = filter?.conjuncts ?? []
        if conjuncts.allSatisfy(answers) { return try await count(filter) }
        var total = 0
        for try await page in FilteredPages(self, filter, wanted: .keys) { total += page.batch.count }
        return total
    }
}

extension Projection {
    /// The same, and whatever these names may need: vectors, fields, or members of either.
    fileprivate func including(_ names: Set<String>) -> Projection {
        let heads = names.union(names.compactMap { $0.split(separator: ".").first.map(String.init) })
        return Projection(vectors: vectors?.union(heads), fields: fields?.union(heads), rest: true)
    }
}
