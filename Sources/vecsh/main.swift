import CMemory
import Glibc
import Shell

// The columns of pages come and go while a copy runs: without this the library would keep ever more of them, in pieces.
memory_return_pieces(1 << 20)

let arguments = Array(Swift.CommandLine.arguments.dropFirst())
exit(await Program.main(arguments, environment: Environment.all))
