/* Call records as lines of JSON: every key of the rows, once, whatever the record holds; tried again until written. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <jansson.h>

#include "call_json.h"
#include "cdr_writer.h"
#include "reason.h"

static char directory[] = "/tmp/amity-cdr-XXXXXX";
static char path[64], moved[64], error[CDR_FILE_ERROR_BYTES];

static void put_text(struct call_record *record, enum call_text_kind kind, struct span text)
{
	record->part[kind] = (struct call_text){.offset = record->text_length, .length = (uint8_t)text.length};
	memcpy(record->text + record->text_length, text.at, text.length);
	record->text_length = (uint16_t)(record->text_length + text.length);
}

static struct net_address address_of(uint8_t last, uint16_t port)
{
	struct net_address address = {.port = port};
	net_address_set_v4(address.ip, (const uint8_t[]){192, 0, 2, last});
	return address;
}

/* 2026-01-31T12:00:00.000Z */
#define NOON_MS 1769860800000ull

static struct call_record answered_record(void)
{
	struct call_record record = {
		.handle = 0x123456789abcdef0,
		.started_ms = NOON_MS,
		.ringing_ms = NOON_MS + 500,
		.answered_ms = NOON_MS + 3250,
		.ended_ms = NOON_MS + 63257,
		.source = address_of(11, 5060),
		.destination = address_of(99, 5080),
		.rule = "R16",
		.status = 200,
		.state = CALL_ENDED,
		.end = CALL_END_CALLEE,
		.caller_kind = CALL_PARTY_USER,
		.target_kind = CALL_PARTY_CARRIER,
		.failover_count = 2,
		.flags = CALL_ANONYMOUS,
	};
	put_text(&record, CALL_TEXT_DIALLED, SPAN_LITERAL("912345678"));
	put_text(&record, CALL_TEXT_CALLER_NUMBER, SPAN_LITERAL("101"));
	put_text(&record, CALL_TEXT_CALLER, SPAN_LITERAL("alice"));
	put_text(&record, CALL_TEXT_COMPANY, SPAN_LITERAL("acme"));
	put_text(&record, CALL_TEXT_CALL_ID, SPAN_LITERAL("a\"b\\c\n\xff@x"));
	put_text(&record, CALL_TEXT_TARGET, SPAN_LITERAL("telco-a"));
	put_text(&record, CALL_TEXT_DESTINATION, SPAN_LITERAL("34912345678"));
	put_text(&record, CALL_TEXT_PRESENTED, SPAN_LITERAL("34944000000"));
	record.part[CALL_TEXT_CALL_ID].cut = true;
	return record;
}

static struct cdr_writer *open_writer(struct event_base *base)
{
	struct cdr_writer *writer = NULL;
	assert_int_equal(cdr_writer_open(&writer, base, path, 7, error), STATUS_OK);
	return writer;
}

static char *read_all(const char *name)
{
	static char text[1 << 20];
	FILE *in = fopen(name, "re");
	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

static void write_one(const struct call_record *record)
{
	struct cdr_writer *writer = open_writer(NULL);
	cdr_writer_take(writer, record);
	assert_true(cdr_writer_flush(writer));
	assert_int_equal(cdr_writer_counts(writer).written, 1);
	cdr_writer_close(writer);
}

static void a_record_is_a_line(void **state)
{
	struct call_record record = answered_record();

	(void)state;
	write_one(&record);
	assert_string_equal(
		read_all(path),
		"{\"time\":\"2026-01-31T12:01:03.257Z\",\"node\":7,\"id\":\"123456789abcdef0\","
		"\"call_id\":\"a\\\"b\\\\c\\n?@x\",\"company\":\"acme\",\"from\":\"alice\",\"from_kind\":\"user\","
		"\"from_number\":\"101\",\"source\":\"192.0.2.11:5060\",\"dialled\":\"912345678\",\"to\":\"telco-a\","
		"\"to_kind\":\"carrier\",\"to_company\":null,\"to_number\":\"34912345678\","
		"\"next_hop\":\"192.0.2.99:5080\",\"ddi\":null,\"presented\":\"34944000000\",\"carrier\":\"telco-a\","
		"\"rule\":\"R16\",\"status\":200,\"reason\":null,\"end\":\"callee\","
		"\"started\":\"2026-01-31T12:00:00.000Z\",\"ringing\":\"2026-01-31T12:00:00.500Z\","
		"\"answered\":\"2026-01-31T12:00:03.250Z\",\"ringing_s\":2.75,\"duration_s\":60.007,\"forwards\":0,"
		"\"failovers\":2,\"emergency\":false,\"anonymous\":true,\"cut\":[\"call_id\"]}\n");
	unlink(path);
}

/* Whatever was refused before there was anything to tell. */
static void an_empty_record_has_every_key(void **state)
{
	const struct call_record record = {.started_ms = NOON_MS,
					   .ended_ms = NOON_MS,
					   .end = CALL_END_FAILED,
					   .status = 403,
					   .reason = REASON_CALL_ACL_DENIED};

	(void)state;
	write_one(&record);
	json_t *line = json_loads(read_all(path), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(line);
	assert_int_equal(json_object_size(line), CDR_KEY_COUNT);
	for (int i = 0; i < CDR_KEY_COUNT; i++)
		assert_non_null(json_object_get(line, call_json_keys[i].name));
	assert_true(json_is_null(json_object_get(line, "id")));
	assert_true(json_is_null(json_object_get(line, "carrier")));
	assert_true(json_is_null(json_object_get(line, "ringing_s")));
	assert_string_equal(json_string_value(json_object_get(line, "end")), "failed");
	assert_string_equal(json_string_value(json_object_get(line, "reason")), "CALL_ACL_DENIED");
	assert_true(json_real_value(json_object_get(line, "duration_s")) == 0);
	assert_int_equal(json_array_size(json_object_get(line, "cut")), 0);
	json_decref(line);
	unlink(path);
}

/* A live one lasts until now; its carrier is the one that brought it. */
static void live_calls_last(void **state)
{
	const struct call_json_view view = {.node_id = 1, .now_ms = NOON_MS + 10000};
	struct call_record record = {.handle = 5,
				     .started_ms = NOON_MS,
				     .ringing_ms = NOON_MS + 1000,
				     .state = CALL_RINGING,
				     .caller_kind = CALL_PARTY_CARRIER};
	uint64_t handle = 0;

	(void)state;
	put_text(&record, CALL_TEXT_CALLER, SPAN_LITERAL("telco-b"));
	json_t *whole = call_json_record(&record, &view), *row = call_json_row(&record, &view);
	assert_true(json_real_value(json_object_get(whole, "ringing_s")) == 9);
	assert_true(json_is_null(json_object_get(whole, "time")));
	assert_true(json_is_null(json_object_get(whole, "end")));
	assert_string_equal(json_string_value(json_object_get(whole, "carrier")), "telco-b");
	assert_string_equal(json_string_value(json_object_get(row, "state")), "ringing");
	assert_true(json_is_null(json_object_get(row, "duration_s")));
	assert_true(call_json_read_id(&handle, json_string_value(json_object_get(row, "id"))));
	assert_int_equal(handle, 5);
	json_decref(row);
	record.state = CALL_ANSWERED;
	record.answered_ms = NOON_MS + 4000;
	row = call_json_row(&record, &view);
	assert_true(json_real_value(json_object_get(row, "duration_s")) == 6);
	assert_false(call_json_read_id(&handle, "0000000000000000"));
	assert_false(call_json_read_id(&handle, "000000000000000x"));
	assert_false(call_json_read_id(&handle, "00000000000000005"));
	json_decref(row);
	json_decref(whole);
}

static unsigned count_lines(const char *name)
{
	unsigned count = 0;
	char *rest = read_all(name), *line;

	while ((line = strsep(&rest, "\n")) && rest) {
		json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(value);
		json_decref(value);
		count++;
	}
	assert_string_equal(line, "");
	return count;
}

static void the_timer_writes(void **state)
{
	struct event_base *base = event_base_new();
	struct cdr_writer *writer = open_writer(base);
	struct call_record record = answered_record();

	(void)state;
	for (int i = 0; i < 3; i++)
		cdr_writer_take(writer, &record);
	assert_int_equal(cdr_writer_counts(writer).waiting, 3);
	assert_int_equal(count_lines(path), 0);
	/* Until nothing is to be done any more. */
	event_base_dispatch(base);
	assert_int_equal(count_lines(path), 3);
	/* The next batch, too; and a large one at once. */
	cdr_writer_take(writer, &record);
	event_base_dispatch(base);
	assert_int_equal(count_lines(path), 4);
	for (int i = 0; i < 1000; i++)
		cdr_writer_take(writer, &record);
	assert_true(cdr_writer_counts(writer).written > 300);
	cdr_writer_close(writer);
	assert_int_equal(count_lines(path), 1004);
	event_base_free(base);
	unlink(path);
}

static void what_fails_is_tried_again(void **state)
{
	static const char elsewhere[] = "/tmp/amity-cdr-writer-elsewhere";
	struct event_base *base = event_base_new();
	struct cdr_writer *writer = open_writer(base);
	struct call_record record = answered_record();

	(void)state;
	unlink(path);
	assert_int_equal(rename(directory, elsewhere), 0);
	cdr_writer_take(writer, &record);
	assert_false(cdr_writer_flush(writer));
	assert_non_null(strstr(cdr_writer_problem(writer), "make its directory"));
	assert_int_equal(cdr_writer_rotate(writer, error), STATUS_IO);
	cdr_writer_take(writer, &record);
	assert_int_equal(cdr_writer_counts(writer).waiting, 2);
	event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(cdr_writer_counts(writer).waiting, 2);
	assert_int_equal(rename(elsewhere, directory), 0);
	event_base_dispatch(base);
	assert_string_equal(cdr_writer_problem(writer), "");
	assert_int_equal(cdr_writer_counts(writer).written, 2);
	assert_int_equal(cdr_writer_counts(writer).lost, 0);
	assert_int_equal(count_lines(path), 2);
	cdr_writer_close(writer);
	event_base_free(base);
	unlink(path);
}

static void rotating_loses_nothing(void **state)
{
	struct cdr_writer *writer = open_writer(NULL);
	struct call_record record = answered_record();
	unsigned lines = 0;

	(void)state;
	for (int turn = 0; turn < 20; turn++) {
		for (int i = 0; i < 100; i++)
			cdr_writer_take(writer, &record);
		assert_int_equal(rename(path, moved), 0);
		for (int i = 0; i < 100; i++)
			cdr_writer_take(writer, &record);
		assert_int_equal(cdr_writer_rotate(writer, error), STATUS_OK);
		lines += count_lines(moved);
	}
	cdr_writer_close(writer);
	assert_int_equal(lines + count_lines(path), 20 * 200);
	unlink(path);
	unlink(moved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_a_line),	     cmocka_unit_test(an_empty_record_has_every_key),
		cmocka_unit_test(live_calls_last),	     cmocka_unit_test(the_timer_writes),
		cmocka_unit_test(what_fails_is_tried_again), cmocka_unit_test(rotating_loses_nothing),
	};
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/calls.json", directory);
	snprintf(moved, sizeof(moved), "%s/calls.json.1", directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed + (rmdir(directory) != 0);
}
