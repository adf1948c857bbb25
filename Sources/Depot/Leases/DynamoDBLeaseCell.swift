import JSON
import Model

/// A lease that is an item of a table whose key is one text.
///
/// Beside the record, `lease`, stands `until` in seconds, which other programs and the table's own time to live can read, and
/// `revision`, another one at each change.
struct DynamoDBLeaseCell: LeaseCell {
    private let line: AWSLine
    private let table: String
    private let key: String
    /// What the table calls its key.
    private let keyName: String

    init(_ line: AWSLine, table: String, key: String) async throws(StoreError) {
        (self.line, self.table, self.key) = (line, table, key)
        let sent = try await Self.send(line, "DescribeTable", ["TableName": .string(table)])
        guard sent.refusal?.code != "ResourceNotFoundException" else {
            throw StoreError(
                .notFound, "there is no table \"\(table)\" at \(line.address)",
                help: "check its name, AWS_REGION and AWS_ENDPOINT_URL")
        }
        let answer = try Self.checked(sent, line)
        let schema = answer["Table"]?["KeySchema"]?.array ?? []
        let types = answer["Table"]?["AttributeDefinitions"]?.array ?? []
        guard schema.count == 1, let name = schema[0]["AttributeName"]?.string,
            types.contains(where: { $0["AttributeName"]?.string == name && $0["AttributeType"]?.string == "S" })
        else {
            throw StoreError(
                .unsupported, "the key of table \"\(table)\" is not one text",
                help: "locks need a table with a partition key of type S, and no sort key")
        }
        keyName = name
    }

    func read() async throws(StoreError) -> (record: LeaseRecord, tag: String?) {
        let answer = try await Self.ask(
            line, "GetItem", ["TableName": .string(table), "Key": item([:]), "ConsistentRead": true])
        guard let found = answer["Item"] else { return (LeaseRecord(), nil) }
        guard let text = found["lease"]?["S"]?.string, let tag = found["revision"]?["S"]?.string,
            let record = LeaseRecord(Array(text.utf8))
        else { throw .noLease("dynamodb://\(table)/\(key)") }
        return (record, tag)
    }

    func write(_ record: LeaseRecord, replacing tag: String?) async throws(StoreError) -> Bool {
        let until = (record.lease?.until ?? 0) / 1_000_000
        var request: [JSONValue.Member] = [
            .init("TableName", .string(table)),
            .init(
                "Item",
                item([
                    "lease": ["S": .string(record.text)], "until": ["N": .string("\(until)")],
                    "revision": ["S": .string(UUID.random().description)],
                ])),
        ]
        if let tag {
            request.append(.init("ConditionExpression", "#tag = :tag"))
            request.append(.init("ExpressionAttributeNames", ["#tag": "revision"]))
            request.append(.init("ExpressionAttributeValues", [":tag": ["S": .string(tag)]]))
        } else {
            request.append(.init("ConditionExpression", "attribute_not_exists(#key)"))
            request.append(.init("ExpressionAttributeNames", ["#key": .string(keyName)]))
        }
        let answer = try await Self.send(line, "PutItem", .object(request))
        if answer.refusal?.code == "ConditionalCheckFailedException" { return false }
        _ = try Self.checked(answer, line)
        return true
    }

    func close() { line.close() }

    private func item(_ attributes: [String: JSONValue]) -> JSONValue {
        let rest = attributes.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value) }
        return .object([JSONValue.Member(keyName, ["S": .string(key)])] + rest)
    }

    // MARK: The service

    private static func ask(
        _ line: AWSLine, _ action: String, _ body: JSONValue
    ) async throws(StoreError) -> JSONValue {
        try checked(try await send(line, action, body), line)
    }

    private static func send(
        _ line: AWSLine, _ action: String, _ body: JSONValue
    ) async throws(StoreError) -> AWSAnswer {
        let headers = [
            (name: "content-type", value: "application/x-amz-json-1.0"),
            (name: "x-amz-target", value: "DynamoDB_20120810.\(action)"),
        ]
        return try await line.answer(to: AWSRequest("POST", headers: headers, body: Array(body.text.utf8)))
    }

    private static func checked(_ answer: AWSAnswer, _ line: AWSLine) throws(StoreError) -> JSONValue {
        if let refusal = answer.refusal { throw StoreError(refusal, line) }
        guard let json = try? JSONValue(answer.body) else {
            throw StoreError(.malformed, "\(line.address): the answer is no JSON")
        }
        return json
    }
}
