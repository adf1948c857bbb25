import Shell

await PromptTrial(historyPath: Swift.CommandLine.arguments.dropFirst().first).run()
