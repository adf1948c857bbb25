import Glibc
import Shell

let arguments = Array(Swift.CommandLine.arguments.dropFirst())
exit(await Program.main(arguments, environment: Environment.all))
