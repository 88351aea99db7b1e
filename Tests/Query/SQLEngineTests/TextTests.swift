import Testing

@testable import SQLEngine

/// Cutting SQL text.
@Suite struct TextTests {
    @Test func `statements end at semicolons that stand outside quotations and comments`() {
        let cut = SQLStatements(
            "select ';' ; -- one; two\n select \"a;b\", $$;$$, $x$;$$;$x$ /* ; /* ; */ ; */;"
                + "select 3"
        )
        #expect(
            cut.complete == [
                "select ';'", "-- one; two\n select \"a;b\", $$;$$, $x$;$$;$x$ /* ; /* ; */ ; */",
            ]
        )
        #expect(cut.rest == "select 3")
        #expect(!cut.restIsUnfinished)
    }

    @Test(arguments: ["select 'a", "select \"a", "select 1 /* x", "select $$ a", "select e'\\'"])
    func `what is not closed is unfinished`(sql: String) {
        #expect(SQLStatements(sql + ";").restIsUnfinished)
        #expect(SQLStatements(sql + ";").complete.isEmpty)
    }

    @Test func `comments and stray semicolons are no statements`() {
        #expect(SQLStatements(";; -- nothing\n; /* nothing */").all.isEmpty)
    }

    @Test func `tokens know their kinds and places`() {
        let tokens = SQLLexer.tokens(of: "SELECT \"A b\", 'it''s', 1.5e-3, x.y::INT")
        #expect(
            tokens.map(\.value) == [
                "select", "A b", ",", "it's", ",", "1.5e-3", ",", "x", ".", "y", ":", ":", "int",
            ]
        )
        #expect(tokens[1].kind == .quotedName && tokens[1].range == 7..<12)
        #expect(tokens[3].kind == .text)
    }

    @Test func `names and texts are quoted so that they mean themselves`() {
        #expect(SQLQuoting.name("a\"b") == "\"a\"\"b\"")
        #expect(SQLQuoting.text("it's") == "'it''s'")
    }

    @Test func `names are made distinct without touching those that are`() {
        #expect(
            ColumnNames.distinct(["a", "A", "b", "A_1", "a"]) == ["a", "A_2", "b", "A_1", "a_3"]
        )
    }

    @Test(arguments: [
        ("select 'x.csv'", true), ("delete from m where a in ('x.csv', 'y.csv')", true),
        ("update m set a = '/x', b = '/y' where c = 'z.csv'", true),
        ("delete from m using 'x.csv' b", false), ("from a, 'x.csv'", false),
        ("select * from a where (x = 1) union from 'b.csv'", false),
        ("select (select 1 from 'x.csv')", false), ("describe 'x.csv'", false),
        ("update m set a = 1 from b, \"x.csv\"", false),
    ])
    func `a file's name in a table's place is seen in the text alone`(sql: String, isFree: Bool) {
        #expect(TablePositions.holdNoFile(sql) == isFree)
    }
}
