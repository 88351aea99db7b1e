/// Words worth completing.
enum SQLKeywords {
    /// Words and functions of everyday questions, in the order in which they are offered.
    static let all = """
        all analyze and any as asc avg( between by case cast( coalesce( count( create cross \
        cube current_date current_timestamp date_diff( date_part( date_trunc( delete desc \
        describe distinct drop else end epoch_ms( except exclude exists explain extract( false \
        filter first( from full group having in inner insert intersect interval into is join \
        json_extract( last( lateral left like ilike limit list( lower( max( median( min( not \
        now( null nulls offset on or order outer over partition pivot qualify quantile_cont( \
        range( recursive regexp_matches( replace( right rollup round( row_number( rows sample \
        select set show sum( summarize string_agg( substring( table tables temp then \
        time_bucket( to_timestamp( trim( true union unnest( unpivot update upper( using values \
        view when where window with within
        """.split(separator: " ").map(String.init)

    /// Words that cannot be a column's name without quotation marks.
    static let reserved: Set<String> = [
        "all", "analyze", "and", "any", "array", "as", "asc", "both", "case", "cast", "check",
        "collate", "column", "constraint", "create", "default", "deferrable", "desc", "describe",
        "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from",
        "group", "having", "in", "initially", "intersect", "into", "lambda", "lateral", "leading",
        "limit", "not", "null", "offset", "on", "only", "or", "order", "pivot", "placing",
        "primary", "qualify", "references", "returning", "select", "show", "some", "summarize",
        "symmetric", "table", "then", "to", "trailing", "true", "union", "unique", "unpivot",
        "using", "variadic", "when", "where", "window", "with",
    ]
}
