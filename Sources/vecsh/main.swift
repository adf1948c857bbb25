import CMemory
import Glibc
import Shell

// The columns of pages come and go while a copy runs. Left alone, the library would keep some for each thread, or fetch
// each from the system, which clears it page by page.
memory_share_pieces(32 << 20)

let arguments = Array(Swift.CommandLine.arguments.dropFirst())
exit(await Program.main(arguments, environment: Environment.all))
