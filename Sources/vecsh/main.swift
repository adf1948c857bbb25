import FoundationEssentials
import Shell

let arguments = Array(CommandLine.arguments.dropFirst())
exit(await Program.main(arguments, environment: ProcessInfo.processInfo.environment))
