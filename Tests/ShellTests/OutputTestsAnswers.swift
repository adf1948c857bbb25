import JSON
import Testing

@testable import Shell

private let docs: JSONValue = [
    "name": "docs", "key": ["name": "id", "type": "uint64", "auto": false],
    "vectors": [
        ["name": "dense", "dimension": 1536, "metric": "cosine"],
        ["name": "sparse", "dimension": nil, "metric": "ip"],
    ],
    "fields": [["name": "書名", "type": "text"], ["name": "page", "type": "int64"]],
    "open": true, "aliases": [], "partitions": ["a", "b"], "count": 9_223_372_036_854_775_807,
    "native": [
        "optimizers": ["threshold": 0.2, "vacuum": 1000], "on_disk": true, "quantization": nil,
        "note": "long enough to want a line of its own",
    ],
]

private let some: [JSONValue] = [
    ["name": "a", "count": 12, "aliases": ["x", "y"]],
    ["name": "日本", "count": 1, "aliases": [], "hidden": true],
    ["name": "", "count": nil, "aliases": nil],
    ["name": "new\nline 👩‍🚀"],
]
private let columns = ["name", "count", "aliases"]

@Suite struct OutputTestsAnswers {
    @Test func aDocumentIsATableOfNamesAndValues() {
        #expect(
            document(docs, .table, .terminal(60)).marked == """
                 name       │ docs                                         ␣
                 key        │ name=id, type=uint64, auto=false             ␣
                 vectors    │ name    dimension  metric                    ␣
                            │ dense        1536  cosine                    ␣
                            │ sparse          ∅  ip                        ␣
                 fields     │ name  type                                   ␣
                            │ 書名  text                                   ␣
                            │ page  int64                                  ␣
                 open       │ true                                         ␣
                 aliases    │ []                                           ␣
                 partitions │ a, b                                         ␣
                 count      │ 9223372036854775807                          ␣
                 native     │ optimizers    threshold=0.2, vacuum=1000     ␣
                            │ on_disk       true                           ␣
                            │ quantization  ∅                              ␣
                            │ note          long enough to want a line of …␣

                """)
    }

    @Test func aDocumentVerticallyIsWhole() {
        #expect(
            document(docs, .vertical, .terminal(40)) == """
                name       │ docs
                key        │ name=id, type=uint64, auto=false
                vectors 1  │ name=dense, dimension=1536, metric=cosine
                vectors 2  │ name=sparse, dimension=null, metric=ip
                fields 1   │ name=書名, type=text
                fields 2   │ name=page, type=int64
                open       │ true
                aliases    │ []
                partitions │ a, b
                count      │ 9223372036854775807
                native     │ optimizers={"threshold":0.2,"vacuum":1000}, on_disk=true, quantization=null, \
                note=long enough to want a line of its own

                """)
    }

    @Test func jsonIsOneDocumentIndentedForPeople() {
        let value: JSONValue = ["a": 1, "b": ["x", nil]]
        #expect(document(value, .json) == "{\"a\":1,\"b\":[\"x\",null]}\n")
        #expect(document(value, .json, .terminal(80)) == "{\n  \"a\": 1,\n  \"b\": [\"x\",null]\n}\n")
        #expect(document(value, .jsonl, .terminal(80)) == "{\"a\":1,\"b\":[\"x\",null]}\n")
        #expect(document([value, value], .jsonl) == "{\"a\":1,\"b\":[\"x\",null]}\n{\"a\":1,\"b\":[\"x\",null]}\n")
    }

    @Test func csvOfADocumentIsAHeaderAndARow() {
        let value: JSONValue = ["name": "a,b", "key": ["type": "id"], "open": true, "none": nil, "empty": "", "n": -1]
        #expect(
            document(value, .csv)
                == "name,key,open,none,empty,n\r\n\"a,b\",\"{\"\"type\"\":\"\"id\"\"}\",true,,\"\",-1\r\n")
    }

    @Test func severalDocumentsStandApart() {
        #expect(document([["name": "a"], ["name": "bc"]], .table) == " name | a \n\n name | bc \n")
        #expect(document([["name": "a"], ["name": "bc"]], .vertical) == "name | a\n\nname | bc\n")
        #expect(document([["name": "a"], ["n": 1]], .csv) == "name,n\r\na,\r\n,1\r\n")
        #expect(document([], .json) == "[]\n")
    }

    @Test func rowsAreATable() {
        #expect(
            rows(some, columns, .table, .terminal(80)).marked == """
                 name         │ count │ aliases␣
                ──────────────┼───────┼─────────
                 a            │    12 │ x, y   ␣
                 日本         │     1 │ []     ␣
                 ""           │     ∅ │ ∅      ␣
                 new\\nline 👩‍🚀 │       │        ␣
                (4 rows)

                """)
    }

    @Test func tablesInFilesAreDrawnSoThatProgramsCanSplitThem() {
        #expect(
            rows([some[0]], columns, .table).marked == """
                 name | count | aliases␣
                ------+-------+---------
                 a    |    12 | x, y   ␣
                (1 row)

                """)
    }

    @Test func terminalsWithoutUnicodeGetASCII() {
        let look = Look(width: 24, isTerminal: true, signs: .ascii)
        let text = rows([["a": nil, "b": "much too long for it", "c": "NULL"]], ["a", "b", "c"], .table, look)
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        #expect(
            text.marked == """
                 a    | b              ␣
                ------+-----------------
                 NULL | much too lon...␣
                ... 1 more column (format vertical shows all)
                (1 row)

                """)
    }

    @Test func whatIsMissingDiffersFromText() {
        let value: [JSONValue] = [["a": nil], [:], ["a": ""], ["a": "∅"], ["a": "null"]]
        #expect(
            rows(value, ["a"], .table).marked
                == " a   ␣\n------\n ∅   ␣\n     ␣\n \"\"  ␣\n \"∅\" ␣\n null␣\n(5 rows)\n")
    }

    @Test func rowsVerticallyAreBlocks() {
        #expect(
            rows([some[2], some[3]], columns, .vertical) == """
                -[ 1 ]-------------------------
                name    | ""
                count   | ∅
                aliases | ∅
                -[ 2 ]-------------------------
                name    | new
                        | line 👩‍🚀
                count   |
                aliases |

                """)
    }

    @Test func rowsForMachinesAreWhole() {
        #expect(
            rows(some, columns, .json)
                == #"[{"name":"a","count":12,"aliases":["x","y"]},{"name":"日本","count":1,"aliases":[],"hidden":true},"#
                + #"{"name":"","count":null,"aliases":null},{"name":"new\nline 👩‍🚀"}]"# + "\n")
        #expect(rows([some[3], some[1]], columns, .jsonl).split(separator: "\n").count == 2)
        #expect(
            rows(some, columns, .csv)
                == "name,count,aliases\r\na,12,\"[\"\"x\"\",\"\"y\"\"]\"\r\n日本,1,[]\r\n\"\",,\r\n\"new\nline 👩‍🚀\",,\r\n")
    }

    @Test func csvQuotesWhatWouldBreakALine() {
        let value: [JSONValue] = [["a": "x,y", "b": "say \"hi\"", "c": "l\nm", "d": "l\rm", "e": " s ", "f": "'"]]
        #expect(
            rows(value, ["a", "b", "c", "d", "e", "f"], .csv)
                == "a,b,c,d,e,f\r\n\"x,y\",\"say \"\"hi\"\"\",\"l\nm\",\"l\rm\", s ,'\r\n")
    }

    @Test(arguments: Format.allCases) func nothingHasAFormToo(_ format: Format) {
        let expected: [Format: String] = [
            .table: " a | b \n---+---\n(0 rows)\n", .vertical: "(0 rows)\n", .json: "[]\n", .jsonl: "", .csv: "a,b\r\n",
        ]
        #expect(rows([], ["a", "b"], format) == expected[format])
    }

    @Test func coloursDimTitlesAndNullAndNothingElse() {
        let look = Look(style: Style(isOn: true))
        #expect(
            rows([["a": nil, "b": "x"]], ["a", "b"], .table, look)
                == " \u{1b}[2ma\u{1b}[0m | \u{1b}[2mb\u{1b}[0m \n---+---\n \u{1b}[2m∅\u{1b}[0m | x \n(1 row)\n")
        #expect(rows([["a": nil]], ["a"], .json, look) == "[{\"a\":null}]\n")
    }
}
