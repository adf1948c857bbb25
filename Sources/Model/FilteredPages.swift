/// A reading seen through a filter, of which the store may answer only a part.
package struct FilteredReading: Sendable {
    private let reading: any Reading
    private let scan: Scan
    private let wanted: Projection
    private let rest: BoundFilter?

    /// Throws for a filter that this collection cannot be asked.
    package init(_ reading: any Reading, _ filter: Filter?, wanted: Projection = .all) throws(StoreError) {
        let conjuncts = filter?.conjuncts ?? []
        let collection = reading.description.collection
        if let filter { _ = try BoundFilter(filter, collection) }
        let unanswered = Filter(conjuncts: conjuncts.filter { !reading.answers($0) })
        let read = unanswered.map { wanted.including($0.fields) } ?? wanted
        self.reading = reading
        self.wanted = wanted
        scan = Scan(filter: Filter(conjuncts: conjuncts.filter { reading.answers($0) }), wanted: read)
        var rest: BoundFilter?
        if let unanswered { rest = try BoundFilter(unanswered, read.shape(of: collection)) }
        self.rest = rest
    }

    /// Whether the store answers all of the filter.
    package var isAnswered: Bool { rest == nil }

    /// What no page hands out of what the store answers of the filter; `seen` is how many records all pages had.
    package func unread(seen: Int?) async throws(StoreError) -> Unread {
        try await reading.unread(scan.filter, seen: isAnswered ? seen : nil)
    }

    /// The page behind `slice.after`, which may be empty; nil past the end.
    package func page(_ slice: Slice, _ budget: Budget) async throws(StoreError) -> Page? {
        var scan = scan
        scan.slice = slice
        scan.budget = budget
        guard var page = try await reading.page(scan) else { return nil }
        guard let rest else { return page }
        let shape = scan.wanted.shape(of: reading.description.collection)
        page.batch = page.batch.rows(rest.rows(of: page.batch)).projected(wanted, shape)
        return page
    }
}

/// The pages of a reading, one after the other.
///
/// The place reached lives here and not in the store, so that a scan can be taken up again from any page.
package struct FilteredPages: AsyncSequence, Sendable {
    private let reading: any Reading
    private let filter: Filter?
    private let wanted: Projection
    private let slice: Slice
    private let budget: Budget

    package init(
        _ reading: any Reading, _ filter: Filter?, wanted: Projection = .all, slice: Slice = .whole,
        budget: Budget = Budget()
    ) {
        (self.reading, self.filter, self.wanted, self.slice, self.budget) = (reading, filter, wanted, slice, budget)
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let pages: FilteredPages
        fileprivate var slice: Slice
        fileprivate var source: FilteredReading?

        package mutating func next(isolation: isolated (any Actor)? = #isolation) async throws(StoreError) -> Page? {
            let source = try opened()
            guard let page = try await source.page(slice, pages.budget) else { return nil }
            slice.after = page.end
            return page
        }

        private mutating func opened() throws(StoreError) -> FilteredReading {
            if let source { return source }
            let made = try FilteredReading(pages.reading, pages.filter, wanted: pages.wanted)
            source = made
            return made
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(pages: self, slice: slice) }
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
