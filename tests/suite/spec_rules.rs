//! The dialect of the specs: for each rule a spec that breaks it, and what is said of it.

use serde_json::Value;

use super::{dialect, spec};

const GOOD: &str = r#"
openapi: 3.0.3
info: {title: Playoff, version: v2}
paths:
  /things/{thing_id}/parts:
    post:
      operationId: add_part
      summary: Adds a part
      tags: [things]
      x-playoff-evidence: documented
      x-playoff-source: the vendor's page
      parameters:
        - {name: thing_id, in: path, required: true, schema: {type: string}, description: Id of the thing}
        - {name: limit, in: query, schema: {type: integer, format: int64}, description: How many}
        - {name: fields, in: query, style: form, explode: false, schema: {type: array, items: {type: string}}, description: Which fields}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}
        default: {$ref: '#/components/responses/Error'}
components:
  responses:
    Error: {description: An error}
  schemas:
    Colour: {type: string, enum: [red], x-playoff-model: Colour, description: A colour}
    Part:
      type: object
      description: A part
      required: [id]
      properties:
        id: {type: string, description: Its id}
        size: {type: integer, format: int64, description: Its size}
        colour: {allOf: [{$ref: '#/components/schemas/Colour'}], description: Its colour}
"#;

fn read(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("the test's YAML is readable")
}

/// What is said when `from` in the good spec becomes `to`.
fn findings(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "the good spec holds no `{from}`");
    let findings = dialect::check("spec/v2.yaml", &read(&GOOD.replacen(from, to, 1)));
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

const OPERATION: &str = "spec/v2.yaml: POST /things/{thing_id}/parts (add_part): ";
const PART: &str = "spec/v2.yaml: schema Part: ";

macro_rules! broken {
    ($($name:ident: $from:expr => $to:expr, $place:expr, $words:expr;)+) => {
        $(
            #[test]
            fn $name() {
                let said = findings($from, $to);
                assert!(said.contains(&format!("{}{}", $place, $words)), "{said}");
                assert!(said.contains("mend: "), "{said}");
            }
        )+
    };
}

#[test]
fn a_good_spec_passes() {
    assert_eq!(dialect::check("spec/v2.yaml", &read(GOOD)), []);
}

#[test]
fn the_specs_of_the_crate_pass() {
    for (file, text) in [
        ("spec/v1.yaml", include_str!("../../spec/v1.yaml")),
        ("spec/v2.yaml", include_str!("../../spec/v2.yaml")),
    ] {
        assert_eq!(dialect::check(file, &read(text)), []);
    }
}

/// What reading a folder with this v2.yaml says.
fn reading(test: &str, text: &[u8]) -> Result<Value, String> {
    let folder = std::env::temp_dir().join(format!("playoff-{}-{test}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("v2.yaml"), text).unwrap();
    let read = spec::read(&folder, "v2");
    std::fs::remove_dir_all(&folder).unwrap();
    read
}

#[test]
fn a_spec_that_is_not_there_is_named() {
    let error = spec::read(std::path::Path::new("no-such-folder"), "v1").unwrap_err();
    assert!(error.starts_with("no-such-folder/v1.yaml: "), "{error}");
}

#[test]
fn a_spec_that_is_no_yaml_is_named_with_the_line() {
    let broken = GOOD.replace("      summary: Adds a part", "     summary: Adds a part");
    let error = reading("broken", broken.as_bytes()).unwrap_err();
    assert!(error.contains("v2.yaml: not readable: "), "{error}");
    assert!(error.contains("line"), "{error}");
}

#[test]
fn a_spec_that_is_no_text_is_named() {
    let error = reading("bytes", &[0xff, 0xfe, 0x00]).unwrap_err();
    assert!(error.contains("v2.yaml: "), "{error}");
}

#[test]
fn a_key_that_stands_twice_is_named_and_not_lost() {
    let twice =
        GOOD.replace("      tags: [things]\n", "      tags: [things]\n      tags: [parts]\n");
    let error = reading("twice", twice.as_bytes()).unwrap_err();
    assert!(error.contains("tags"), "{error}");
}

#[test]
fn a_spec_against_the_dialect_is_not_read() {
    let error = reading("dialect", GOOD.replace("3.0.3", "3.1.0").as_bytes()).unwrap_err();
    assert!(error.contains("`openapi` is 3.1.0"), "{error}");
    assert!(reading("good", GOOD.as_bytes()).is_ok());
}

#[test]
fn every_finding_is_reported_not_only_the_first() {
    let text =
        GOOD.replace("summary: Adds a part", "summary: ''").replace("tags: [things]", "tags: []");
    assert_eq!(dialect::check("f", &read(&text)).len(), 2);
}

#[test]
fn an_empty_document_is_no_panic() {
    for text in ["{}", "[]", "null", "paths: 7", "paths: {/a: 7}", "paths: {/a: {get: 7}}"] {
        assert!(!dialect::check("f", &read(text)).is_empty(), "{text}");
    }
}

#[test]
fn a_second_operation_of_the_same_name_is_found_across_spellings() {
    let second = r#"
  /zebras:
    get:
      operationId: addPart
      summary: Other
      tags: [things]
      x-playoff-evidence: app
      x-playoff-source: an app
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}
        default: {$ref: '#/components/responses/Error'}
components:"#;
    let said = findings("\ncomponents:", second);
    assert!(said.contains("GET /zebras (addPart): the operationId stands already at"), "{said}");
    assert!(said.contains("POST /things/{thing_id}/parts"), "{said}");
}

broken! {
    openapi_3_1_is_refused: "openapi: 3.0.3" => "openapi: 3.1.0",
        "spec/v2.yaml: ", "`openapi` is 3.1.0";
    a_version_that_is_no_api_version_is_refused: "version: v2" => "version: 2.0",
        "spec/v2.yaml: ", "`info.version` is neither v1 nor v2";
    a_reference_to_another_file_is_refused: "{$ref: '#/components/schemas/Colour'}" => "{$ref: 'other.yaml#/Colour'}",
        "spec/v2.yaml: ", "`$ref: other.yaml#/Colour` names another file";
    a_reference_to_nothing_is_refused: "{$ref: '#/components/schemas/Colour'}" => "{$ref: '#/components/schemas/Color'}",
        "spec/v2.yaml: ", "`$ref: #/components/schemas/Color` leads nowhere";
    parameters_beside_the_methods_are_refused: "    post:" => "    parameters: []\n    post:",
        "spec/v2.yaml: /things/{thing_id}/parts: ", "`parameters` stands beside the methods";
    an_operation_without_a_name_is_refused: "      operationId: add_part\n" => "",
        "spec/v2.yaml: POST /things/{thing_id}/parts (no id): ", "no operationId";
    an_operation_name_in_another_case_is_refused: "operationId: add_part" => "operationId: addPart",
        "spec/v2.yaml: POST /things/{thing_id}/parts (addPart): ", "operationId `addPart` is not in snake_case\n    mend: write `add_part`";
    an_operation_without_a_summary_is_refused: "      summary: Adds a part\n" => "", OPERATION, "no summary";
    two_tags_are_refused: "tags: [things]" => "tags: [things, parts]", OPERATION, "2 tags";
    missing_evidence_is_refused: "      x-playoff-evidence: documented\n" => "",
        OPERATION, "x-playoff-evidence is missing";
    unknown_evidence_is_refused: "evidence: documented" => "evidence: rumour",
        OPERATION, "x-playoff-evidence is rumour\n    mend: say how the route is known: one of documented, recorded, sdk-test, app, inferred";
    a_missing_source_is_refused: "      x-playoff-source: the vendor's page\n" => "", OPERATION, "no x-playoff-source";
    a_parameter_without_a_description_is_refused: ", description: How many" => "", OPERATION, "`limit` has no description";
    a_property_without_a_description_is_refused: ", description: Its size" => "", PART, "`size` has no description";
    a_schema_without_a_description_is_refused: "      description: A part\n" => "", PART, "the schema has no description";
    a_model_without_a_description_is_refused: ", description: A colour" => "",
        "spec/v2.yaml: schema Colour: ", "the schema has no description";
    a_code_block_in_the_docs_is_refused: "summary: Adds a part" => "summary: 'Adds ```a part```'",
        OPERATION, "the documentation holds a code block";
    a_bare_url_in_the_docs_is_refused: "summary: Adds a part" => "summary: See https://example.org",
        OPERATION, "the documentation holds `<` or a bare URL";

    a_second_success_is_refused: "        default:" => "        \"201\": {description: made}\n        default:",
        OPERATION, "the success responses 200 and 201 stand side by side";
    an_empty_success_beside_is_refused: "        default:" => "        \"204\": {description: none}\n        default:",
        OPERATION, "the success responses 200 and 204 stand side by side";
    a_redirect_alone_is_refused: "\"200\": {description: ok, content" => "\"302\": {description: ok, content",
        OPERATION, "the success response is 302";
    a_range_of_successes_is_refused: "\"200\": {description: ok, content" => "2XX: {description: ok, content",
        OPERATION, "the success is 2XX";
    an_answer_without_content_is_refused: "{description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}" => "{description: ok}",
        OPERATION, "the answer has no content";
    an_answer_without_schema_is_refused: "{description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}" => "{description: ok, content: {application/json: {}}}",
        OPERATION, "the application/json answer has no schema";
    an_answer_of_two_kinds_is_refused: "{description: ok, content: {application/json:" => "{description: ok, content: {image/png: {}, application/json:",
        OPERATION, "the answer has the media types application/json, image/png";
    an_answer_schema_without_a_name_is_refused: "{description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}" => "{description: ok, content: {application/json: {schema: {type: object}}}}",
        OPERATION, "the schema of the answer has no name";
    an_error_described_on_its_own_is_refused: "        default:" => "        \"404\": {description: gone}\n        default:",
        OPERATION, "the error response 404 is described on its own";
    another_default_error_is_refused: "default: {$ref: '#/components/responses/Error'}" => "default: {description: odd}",
        OPERATION, "the error response default is described on its own";

    a_multipart_body_of_anything_but_one_picture_is_refused: "content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}\n      responses" => "content: {multipart/form-data: {schema: {$ref: '#/components/schemas/Part'}}}\n      responses",
        OPERATION, "the multipart body is no ImageUpload";
    a_body_of_two_kinds_is_refused: "content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}\n      responses" => "content: {text/plain: {schema: {$ref: '#/components/schemas/Part'}}, application/json: {schema: {$ref: '#/components/schemas/Part'}}}\n      responses",
        OPERATION, "the request body has the media types application/json, text/plain";
    a_body_schema_without_a_name_is_refused: "content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}\n      responses" => "content: {application/json: {schema: {type: object}}}\n      responses",
        OPERATION, "the schema of the request body has no name";

    a_repetition_that_is_no_yes_is_refused: "operationId: add_part" => "operationId: add_part\n      x-playoff-idempotent: maybe",
        OPERATION, "x-playoff-idempotent is \"maybe\"";

    a_path_variable_without_parameter_is_refused: "/things/{thing_id}/parts:" => "/things/{thing_id}/{other}:",
        "(add_part): ", "the path names {other}, no parameter does";
    a_path_parameter_outside_the_path_is_refused: "/things/{thing_id}/parts:" => "/things/parts:",
        "(add_part): ", "the path parameter `thing_id` is not in the path";
    a_segment_that_is_partly_a_parameter_is_refused: "/things/{thing_id}/parts:" => "/things/{thing_id}.json:",
        "(add_part): ", "the path segment `{thing_id}.json` is only partly a parameter";
    an_optional_path_parameter_is_refused: "in: path, required: true" => "in: path",
        OPERATION, "the path parameter `thing_id` is optional";
    a_path_parameter_that_is_no_text_is_refused: "required: true, schema: {type: string}" => "required: true, schema: {type: integer, format: int64}",
        OPERATION, "the path parameter `thing_id` is no string";
    a_matrix_path_is_refused: "in: path, required: true" => "in: path, style: matrix, required: true",
        OPERATION, "`thing_id` has the style matrix";
    an_odd_number_of_segments_is_refused: "in: path, required: true" => "in: path, x-playoff-segments: 3, required: true",
        OPERATION, "x-playoff-segments of `thing_id` is 3";
    one_name_in_path_and_query_is_refused: "name: limit, in: query" => "name: thing_id, in: query",
        OPERATION, "two parameters are called `thing_id`";
    a_cookie_is_refused: "name: limit, in: query" => "name: limit, in: cookie",
        OPERATION, "`limit` travels in cookie";
    a_header_parameter_is_refused: "name: limit, in: query" => "name: limit, in: header",
        OPERATION, "`limit` travels in header";
    a_parameter_in_another_case_is_refused: "name: limit, in: query" => "name: 'filter[x]', in: query",
        OPERATION, "the parameter name `filter[x]` is not in snake_case";
    a_parameter_named_as_a_method_of_the_builder_is_refused: "name: limit, in: query" => "name: send, in: query",
        OPERATION, "the parameter name `send` is taken by the call builder";
    an_exploded_list_is_refused: "style: form, explode: false, schema" => "schema",
        OPERATION, "the list `fields` is not comma-separated";
    a_deep_object_is_refused: "name: limit, in: query, schema: {type: integer, format: int64}" => "name: limit, in: query, style: deepObject, schema: {type: object}",
        OPERATION, "`limit` has the style deepObject";
    a_pipe_delimited_list_is_refused: "style: form, explode: false" => "style: pipeDelimited, explode: false",
        OPERATION, "`fields` has the style pipeDelimited";
    an_object_in_the_query_is_refused: "name: limit, in: query, schema: {type: integer, format: int64}" => "name: limit, in: query, schema: {type: object}",
        OPERATION, "the query parameter `limit` is an object";
    json_in_the_query_is_refused: "name: limit, in: query, schema: {type: integer, format: int64}" => "name: limit, in: query, content: {application/json: {}}",
        OPERATION, "the query parameter `limit` has a `content`";
    a_default_of_a_parameter_is_refused: "{name: limit, in: query, schema: {type: integer, format: int64}" => "{name: limit, in: query, schema: {type: integer, format: int64, default: 10}",
        OPERATION, "`limit` has a default";
    an_inline_enum_of_a_parameter_is_refused: "{name: limit, in: query, schema: {type: integer, format: int64}" => "{name: limit, in: query, schema: {type: string, enum: [a]}",
        OPERATION, "`limit` has an inline enum";

    a_missing_default_answer_is_refused: "        default: {$ref: '#/components/responses/Error'}\n" => "",
        OPERATION, "no default answer";
    an_answer_of_another_kind_is_refused: "{description: ok, content: {application/json:" => "{description: ok, content: {text/csv:",
        OPERATION, "the answer is text/csv";
    an_encoding_is_refused: "content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}\n      responses" => "content: {application/json: {encoding: {id: {}}, schema: {$ref: '#/components/schemas/Part'}}}\n      responses",
        OPERATION, "the request body has an `encoding`";
    a_path_parameter_with_a_format_is_refused: "required: true, schema: {type: string}" => "required: true, schema: {type: string, format: uuid}",
        OPERATION, "`thing_id` with `format: uuid`";
    a_list_of_an_inline_enum_is_refused: "schema: {type: array, items: {type: string}}" => "schema: {type: array, items: {type: string, enum: [a]}}",
        OPERATION, "an item of `fields` has an inline enum";
    a_misspelt_type_is_refused: "size: {type: integer, format: int64" => "size: {type: strng", PART, "the type strng";
    a_keyword_inside_a_map_is_refused: "size: {type: integer, format: int64" => "size: {type: object, additionalProperties: {not: {type: string}}",
        PART, "the keyword `not`";
    a_keyword_inside_an_arm_is_refused: "size: {type: integer, format: int64" => "size: {oneOf: [{title: A, type: string, format: date-time}]",
        PART, "a text with `format: date-time`";

    a_closed_enum_is_refused: "enum: [red], x-playoff-model: Colour" => "enum: [red]",
        "spec/v2.yaml: schema Colour: ", "a closed enum";
    not_is_refused: "size: {type: integer, format: int64" => "size: {not: {type: string}", PART, "the keyword `not`";
    any_of_is_refused: "size: {type: integer, format: int64" => "size: {anyOf: [{type: string}]", PART, "the keyword `anyOf`";
    a_discriminator_is_refused: "size: {type: integer, format: int64" => "size: {discriminator: {propertyName: a}",
        PART, "the keyword `discriminator`";
    nullable_is_refused: "size: {type: integer, format: int64" => "size: {type: string, nullable: true", PART, "the keyword `nullable`";
    a_default_of_a_property_is_refused: "size: {type: integer, format: int64" => "size: {type: string, default: a", PART, "the keyword `default`";
    closed_objects_are_refused: "    Part:\n      type: object" => "    Part:\n      additionalProperties: false\n      type: object",
        PART, "`additionalProperties: false`";
    an_arm_without_a_title_is_refused: "size: {type: integer, format: int64" => "size: {oneOf: [{type: string}]", PART, "an arm of oneOf has no title";
    an_enum_of_mixed_types_is_refused: "size: {type: integer, format: int64" => "size: {enum: [a, 1]", PART, "an enum of other things than text";
    an_object_without_a_name_is_refused: "size: {type: integer, format: int64" => "size: {type: object, properties: {a: {type: string}}",
        PART, "an object inside another has no name";
    two_properties_that_make_one_field_are_refused: "size: {type: integer, format: int64" => "a-b: {type: string}\n        a.b: {type: string",
        PART, "the properties `a-b` and `a.b` make one field";
    camel_and_snake_case_of_one_name_are_refused: "size: {type: integer, format: int64" => "fooBar: {type: string}\n        foo_bar: {type: string",
        PART, "the properties `fooBar` and `foo_bar` make one field";
    a_required_name_without_property_is_refused: "required: [id]" => "required: [id, name]", PART, "`required` names \"name\", which is no property";
    an_integer_without_format_is_refused: "size: {type: integer, format: int64" => "size: {type: integer", PART, "an integer without `format: int64`";
    a_minimum_above_zero_is_refused: "size: {type: integer, format: int64" => "size: {type: integer, format: int64, minimum: 1",
        PART, "an integer with a minimum above 0";
    a_date_time_is_refused: "size: {type: integer, format: int64" => "size: {type: string, format: date-time",
        PART, "a text with `format: date-time`\n    mend: use Timestamp";
    a_password_is_refused: "size: {type: integer, format: int64" => "size: {type: string, format: password",
        PART, "a text with `format: password`\n    mend: use a hand-written secret type";
    a_pattern_is_refused: "size: {type: integer, format: int64" => "size: {type: string, pattern: a+", PART, "a text with `pattern`";
    an_array_without_items_is_refused: "size: {type: integer, format: int64" => "size: {type: array", PART, "an array without items";
}
