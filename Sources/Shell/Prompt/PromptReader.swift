import Model

/// The prompt for whoever must not block: it waits on a queue of its own.
package actor PromptReader {
    private nonisolated let queue = BlockingQueue("prompt")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }
    private let assistant: Assistant
    private let history: History
    private lazy var editor = LineEditor(assistant: assistant, history: history)

    package init(assistant: Assistant, history: History) {
        self.assistant = assistant
        self.history = history
    }

    /// See ``LineEditor/read(prompt:continuation:)``.
    package func read(prompt: String, continuation: @escaping @Sendable (String) -> String) -> LineEditor.Line {
        editor.read(prompt: prompt, continuation: continuation)
    }
}
