import CMemory
import Glibc
import Model

let usage = """
    usage: vecsh-bench make-archive DIR ROWS DIM     an archive with one collection
           vecsh-bench make-sparse DIR BYTES DIM     one that says it has so many bytes, and takes none of the disk
           vecsh-bench scan DIR                      reads all vectors
           vecsh-bench scan-chroma DIR               reads all of a folder of Chroma's
           vecsh-bench scan-qdrant ADDRESS NAME      reads all of a collection of Qdrant's
           vecsh-bench write-qdrant DIR ADDRESS NAME an archive's records into a new collection: seconds, processor, MB
           vecsh-bench insert DIR FILE               its rows into SQLite by a loop of one prepared statement
           vecsh-bench open DIR                      opens and describes
           vecsh-bench milvus-read ADDRESS NAME ROWS       a server's pages, bare and as records
           vecsh-bench milvus-send ADDRESS NAME ROWS       batches, prepared and made of records
    """

func run(_ arguments: [String]) async throws -> Bool {
    switch (arguments.first, arguments.count) {
    case ("make-archive", 4): try await makeArchive(arguments[1], rows: number(arguments[2]), number(arguments[3]))
    case ("make-sparse", 4): try await makeSparse(arguments[1], bytes: number(arguments[2]), number(arguments[3]))
    case ("scan", 2): try await scan(arguments[1])
    case ("scan-chroma", 2): try await scanChroma(arguments[1])
    case ("scan-qdrant", 3): try await scanQdrant(arguments[1], arguments[2])
    case ("write-qdrant", 4): try await writeQdrant(arguments[1], arguments[2], arguments[3])
    case ("insert", 3): try await insert(arguments[1], into: arguments[2])
    case ("open", 2): try await open(arguments[1])
    case ("milvus-read", 4), ("milvus-send", 4): try await milvus(arguments)
    default: return false
    }
    return true
}

func milvus(_ arguments: [String]) async throws {
    let wire = try await MilvusWire(arguments[1], arguments[2])
    if arguments[0] == "milvus-read" {
        try await wire.read(number(arguments[3]), page: 10_000)
    } else {
        try await wire.send(number(arguments[3]), page: 10_000, side: 2)
    }
    await wire.close()
}

func number(_ text: String) throws(StoreError) -> Int {
    guard let number = Int(text), number > 0 else { throw StoreError(.rejected, "\(text) is no positive number") }
    return number
}

// As vecsh does.
memory_share_pieces(32 << 20)

do {
    if try await run(Array(CommandLine.arguments.dropFirst())) { exit(0) }
    print(usage)
    exit(2)
} catch {
    print("error: \(error)")
    exit(1)
}
