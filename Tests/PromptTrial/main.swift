import Shell

await PromptTrial(historyPath: CommandLine.arguments.dropFirst().first).run()
