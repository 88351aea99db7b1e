import IcebergModel
import Testing

private let columns = Schema(
    fields: [
        .required(1, "id", .long), .optional(2, "user", .string), .optional(3, "ts", .timestamptz),
        .optional(4, "count", .int), .optional(5, "share", .float),
        .optional(6, "price", .decimal(precision: 9, scale: 2)),
        .optional(7, "at", .struct([.optional(8, "x", .int), .optional(9, "y", .double)])),
        .optional(
            10,
            "tags",
            .list(
                ListType(
                    elementID: 11,
                    elementRequired: false,
                    element: .struct([.optional(12, "name", .string)])
                )
            )
        ),
        .required(13, "kind", .int),
    ],
    identifierFieldIDs: [1]
)

private let byDay = PartitionSpec(
    fields: [PartitionField(sourceID: 3, fieldID: 1000, name: "ts_day", transform: .day)]
)

private func table() throws -> TableMetadata {
    try TableMetadata.new(
        uuid: "0b0c0d0e-0000-4000-8000-000000000001",
        location: "file:///lake/t",
        schema: columns,
        spec: byDay,
        properties: ["owner": "shop"],
        timestampMilliseconds: 1_000_000
    )
}

extension TableMetadata {
    /// After alterations as they are written on a command line, all in one commit.
    fileprivate func altered(_ texts: (String, String)...) throws -> TableMetadata {
        let alterations = try texts.map { try Alteration($0.0, $0.1) }
        let (updates, requirements) = try TableAlteration(alterations, of: self).updates()
        return try .applying(
            updates,
            requiring: requirements,
            to: self,
            atMilliseconds: lastUpdatedMilliseconds + 1
        )
    }

    fileprivate var names: [String] { schema.fields.map(\.name) }
}

struct AlterationTests {
    @Test func `one commit does all that is asked for in its order`() throws {
        let after = try table().altered(
            ("rename", "count=number"),
            ("type", "number long"),
            ("optional", "kind"),
            ("add", "discount decimal(10, 2) after price"),
            ("add", "at.z list<struct<p: int>>"),
            ("drop", "share"),
            ("comment", "user who has bought"),
            ("move", "kind first"),
            ("type", "price decimal(12, 2)"),
            ("rename", "at.x=left"),
            ("move", "at.y first"),
            ("add", "tags.element.colour string first")
        )
        #expect(
            after.names == [
                "kind", "id", "user", "ts", "number", "price", "discount", "at", "tags",
            ]
        )
        #expect(after.schema.field(named: "number")?.type == .long)
        #expect(after.schema.field(named: "number")?.id == 4)
        #expect(after.schema.field(named: "kind")?.required == false)
        #expect(after.schema.field(named: "user")?.doc == "who has bought")
        #expect(after.schema.field(named: "discount")?.id == 14)
        let inside = try #require(after.schema.field(named: "at")).type.children
        #expect(inside.map(\.name) == ["y", "left", "z"])
        #expect(inside.map(\.id) == [9, 8, 15])
        #expect(after.schema.field(named: "at.z.element.p")?.id == 17)
        #expect(after.schema.field(named: "tags.element.colour")?.id == 18)
        #expect(after.lastColumnID == 18 && after.schemas.count == 2)
    }

    @Test func `an id is never used again and an equal schema is`() throws {
        let dropped = try table().altered(("drop", "share"))
        let again = try dropped.altered(("add", "share float"))
        #expect(again.schema.field(named: "share")?.id == 14)
        let without = try again.altered(("drop", "share"))
        #expect(without.currentSchemaID == dropped.currentSchemaID)
        #expect(try without.altered(("add", "share float")).schema.field(named: "share")?.id == 15)
    }

    @Test(arguments: [
        ("add", "user long", "there is a column user already"),
        ("add", "at.x int", "there is a column at.x already"),
        ("add", "nowhere.x int", "there is no column nowhere"),
        ("add", "tags.colour int", "no struct"), ("drop", "nothing", "there is no column nothing"),
        ("drop", "ts", "cannot be dropped: files are partitioned by day of it"),
        ("drop", "id", "identify a row"), ("optional", "id", "identify a row"),
        ("drop", "tags.element.name", "the only column there"),
        ("drop", "tags.element", "a part of its type"),
        ("rename", "user=id", "there is a column id already"),
        ("type", "user long", "cannot become long"), ("type", "id int", "cannot become int"),
        ("type", "price decimal(12, 3)", "cannot become"), ("type", "count double", "cannot"),
        ("move", "id after at.x", "no neighbour"), ("move", "at.x before user", "no neighbour"),
        ("partition-by", "day(user)", "day does not apply to user, which is string"),
        ("partition-by", "bucket(4, share)", "does not apply"),
        ("partition-by", "tags.element.name", "has many values"),
        ("partition-by", "day(ts), hour(ts)", "say the same"),
        ("partition-by", "user, user", "say the same"), ("sort-by", "at", "does not apply"),
        ("sort-by", "user, user desc", "is there twice"), ("unset", "nothing", "no property"),
        ("set", "current-snapshot-id=7", "no property that can be set by hand"),
    ])
    func `what the specification forbids is refused`(
        verb: String,
        text: String,
        reason: String
    ) throws {
        let table = try table()
        let error = #expect(throws: AlterationError.self) { _ = try table.altered((verb, text)) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func `fields and specs that were there before are used again`() throws {
        let first = try table().altered(("partition-by", "day(ts), bucket(16, user)"))
        #expect(first.defaultSpecID == 1)
        #expect(first.spec.fields.map(\.fieldID) == [1000, 1001])
        #expect(first.spec.fields.map(\.name) == ["ts_day", "user_bucket_16"])
        let second = try first.altered(("partition-by", "bucket(16, user), truncate(2, at.x)"))
        #expect(second.spec.fields.map(\.fieldID) == [1001, 1002])
        #expect(second.spec.fields.map(\.name) == ["user_bucket_16", "at_x_trunc_2"])
        let none = try second.altered(("partition-by", ""))
        #expect(none.spec.fields.isEmpty && none.defaultSpecID == 3)
        #expect(try none.altered(("partition-by", "days(ts)")).defaultSpecID == 0)
        #expect(none.lastPartitionID == 1002)
        // What older files are divided by stays.
        #expect(throws: AlterationError.self) { _ = try none.altered(("drop", "user")) }
    }

    @Test func `rows are sorted by transforms with nulls on either side`() throws {
        let sorted = try table().altered(
            ("sort-by", "user, day(ts) desc, bucket(8, id) asc nulls last, at.y desc nulls first")
        )
        let order = try #require(sorted.sortOrders.last)
        #expect(sorted.defaultSortOrderID == 1 && order.id == 1)
        #expect(order.fields.map(\.sourceID) == [2, 3, 1, 9])
        #expect(
            order.fields.map(\.direction) == [.ascending, .descending, .ascending, .descending]
        )
        #expect(order.fields.map(\.nullOrder) == [.first, .last, .last, .first])
        #expect(order.fields[2].transform == .bucket(buckets: 8))
        let error = #expect(throws: AlterationError.self) {
            _ = try sorted.altered(("drop", "user"))
        }
        #expect(error?.description.contains("rows are sorted by it") == true)
        let free = try sorted.altered(("sort-by", ""), ("drop", "user"))
        #expect(free.defaultSortOrderID == 0 && free.schema.column(named: "user") == nil)
    }

    @Test func `properties are set and taken out`() throws {
        let after = try table().altered(("set", "a.b=c=d"), ("unset", "owner"), ("set", "empty="))
        #expect(after.properties == ["a.b": "c=d", "empty": ""])
    }

    @Test func `what is so already is no change`() throws {
        let alterations = try [
            Alteration("type", "count int"), Alteration("set", "owner=shop"),
            Alteration("optional", "user"), Alteration("partition-by", "day(ts)"),
            Alteration("sort-by", ""), Alteration("move", "id first"),
        ]
        #expect(try TableAlteration(alterations, of: table()).updates().updates.isEmpty)
    }

    @Test func `the differences are told`() throws {
        let before = try table()
        let after = try before.altered(
            ("add", "at.z long"),
            ("drop", "share"),
            ("rename", "user=buyer"),
            ("type", "count long"),
            ("partition-by", "truncate(3, buyer)"),
            ("sort-by", "ts desc"),
            ("unset", "owner"),
            ("set", "k=v"),
            ("move", "kind first")
        )
        #expect(
            before.differences(in: after) == [
                "- column share float", "column user is called buyer",
                "column count is long, was int", "+ column at.z long, id 14",
                "columns are in the order kind, id, buyer, ts, count, price, at, tags",
                "partitioned by truncate(3, buyer)", "sorted by ts desc nulls last", "k = v",
                "owner is not set",
            ]
        )
        #expect(before.differences(in: before).isEmpty)
    }

    @Test func `a widened column keeps its buckets`() {
        for number in [Int32.min, -1, 0, 34, Int32.max] {
            #expect(
                Transform.bucket(buckets: 16).apply(.int(number))
                    == Transform.bucket(buckets: 16).apply(.long(Int64(number)))
            )
        }
    }
}

struct AlterationTextTests {
    @Test func `names in quotes and types with ids are read`() throws {
        #expect(try Alteration("drop", "\"a b, c\"") == .drop("a b, c"))
        #expect(try Alteration("rename", "\"a=b\" = \"c d\"") == .rename("a=b", to: "c d"))
        #expect(try Alteration("comment", "a") == .comment("a", nil))
        let wanted = IcebergType.struct([
            .optional(0, "x", .fixed(length: 16)),
            .optional(
                0,
                "y",
                .map(
                    MapType(
                        keyID: 0,
                        key: .int,
                        valueID: 0,
                        valueRequired: false,
                        value: .decimal(precision: 5, scale: 1)
                    )
                )
            ),
        ])
        for text in [
            "s struct<x: fixed[16], y: map<int, decimal(5,1)>>",
            "s struct<1: x: optional fixed[16], 2: y: optional map<int, decimal(5, 1)>>",
        ] {
            #expect(try Alteration("add", text) == .add("s", wanted, nil))
        }
        #expect(try Alteration("add", "a.b uuid BEFORE c") == .add("a.b", .uuid, .before("c")))
        #expect(
            try Alteration("partition-by", "\"odd name\", bucket(4, \"other one\")")
                == .partition(by: [
                    TransformTerm(.identity, "odd name"),
                    TransformTerm(.bucket(buckets: 4), "other one"),
                ])
        )
    }

    @Test(arguments: [
        ("add", "a"), ("add", "a integer"), ("add", "a int last"), ("add", "a int after"),
        ("add", "a struct<x>"), ("add", "a list<int"), ("add", "a decimal(50, 2)"),
        ("add", "a struct<x: required int>"), ("add", ""), ("drop", "a b"), ("drop", "\"a"),
        ("rename", "a"), ("rename", "a="), ("move", "a"), ("move", "a behind b"), ("type", "a"),
        ("partition-by", "day(ts"), ("partition-by", "bucket(user, 16)"), ("set", "a"),
        ("partition-by", "bucket(0, user)"), ("partition-by", "a,"), ("partition-by", "cube(a)"),
        ("sort-by", "a up"), ("sort-by", "a nulls"), ("set", "=a"), ("paint", "a blue"),
    ])
    func `nonsense is told from sense`(verb: String, text: String) {
        #expect(throws: AlterationError.self) { _ = try Alteration(verb, text) }
    }
}
