/*
 * pipeline_torture - the torture messages of RFC 4475 and RFC 5118 through the whole router, each to the end that
 * torture_rows.c names, first without credentials, then with them where it was challenged.
 */
#include <glob.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "message_parse.h"
#include "pipeline_case.h"
#include "torture_rows.h"
#include "uri_parse.h"

#define SOURCE	     "192.0.2.7:5060"
#define FRIEND	     "192.0.2.10:5060"
#define DOMAIN	     "example.com"
#define PASSWORD     "secret"
#define HEX_SHA256   64
#define FOLDER_COUNT 2

static const char *const folders[FOLDER_COUNT] = {"rfc4475", "rfc5118"};

/* One company, whose friend takes every name. */
static const char provisioning[] =
	"companies:\n"
	"  - name: torture\n"
	"    domain: %s\n"
	"    country: ES\n"
	"    users:\n"
	"      - {name: caller, password: " PASSWORD ", codecs: [PCMU, PCMA, QCELP, G726-32, G729, GSM]}\n"
	"      - {name: user, password: " PASSWORD "}\n"
	"      - {name: twice, password: " PASSWORD "}\n"
	"      - {name: j.user, password: " PASSWORD "}\n"
	"      - {name: watson, password: " PASSWORD "}\n"
	"      - {name: null-, password: " PASSWORD "}\n"
	"    extensions:\n"
	"      - {number: \"100\", route: {user: user}}\n"
	"    friends:\n"
	"      - {name: callee, password: x, direct: \"udp:" FRIEND "\", patterns: [\"^[A-Za-z]\"], ddi_in: true, "
	"codecs: [PCMU, PCMA, QCELP, G726-32, G729, GSM]}\n";

struct datagram {
	char bytes[SIP_MESSAGE_BYTES_MAX];
	uint32_t length;
	struct sip_message message; /* as the stages see it: without folds */
	enum reason reason;
};

static uint32_t load_file(char bytes[SIP_MESSAGE_BYTES_MAX], const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		fail_msg("%s cannot be read", path);
	uint32_t length = (uint32_t)fread(bytes, 1, SIP_MESSAGE_BYTES_MAX, file);
	fclose(file);
	return length;
}

static void replace(struct datagram *datagram, uint32_t at, uint32_t old_length, const char *with, uint32_t length)
{
	assert_true(datagram->length - old_length + length <= sizeof(datagram->bytes));
	memmove(datagram->bytes + at + length, datagram->bytes + at + old_length, datagram->length - at - old_length);
	memcpy(datagram->bytes + at, with, length);
	datagram->length = datagram->length - old_length + length;
}

static void replace_text(struct datagram *datagram, const char *old, const char *with)
{
	const char *found = memmem(datagram->bytes, datagram->length, old, strlen(old));
	if (!found)
		fail_msg("no '%s' to be replaced", old);
	replace(datagram, (uint32_t)(found - datagram->bytes), (uint32_t)strlen(old), with, (uint32_t)strlen(with));
}

/* What the message says, from a copy, as unfolding writes into it. */
static void read_datagram(struct datagram *datagram)
{
	datagram->reason = message_parse(&datagram->message, span_make(datagram->bytes, datagram->length));
	if (datagram->reason == REASON_NONE && message_unfold(&datagram->message, datagram->bytes))
		datagram->reason = message_parse(&datagram->message, span_make(datagram->bytes, datagram->length));
}

static void load_row(struct datagram *datagram, const struct torture_row *row)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s.dat", TORTURE_MESSAGES, row->file);
	datagram->length = load_file(datagram->bytes, path);
	if (row->replace)
		replace_text(datagram, row->replace, row->with);
}

/* Of a datagram in an IPv4 fragment on the harness' link. */
#define FRAGMENT_BYTES 1480

static bool holds(const struct pipeline_message *sent, const char *text, size_t length)
{
	return memmem(sent->text, sent->length, text, length) != NULL;
}

/* "Name: value" with the value of a header of what was received. */
static void expect_echo(const struct pipeline_message *sent, const struct datagram *datagram, enum sip_header_name name,
			const char *label)
{
	static char line[SIP_MESSAGE_BYTES_MAX];
	struct span value = sip_message_first(&datagram->message, name);
	if (!value.length)
		return;
	size_t length = strlen(label);
	memcpy(line, label, length);
	memcpy(line + length, value.at, value.length);
	if (!holds(sent, line, length + value.length))
		fail_msg("the answer has not " SPAN_FORMAT ":\n%s", SPAN_ARGUMENTS(value), sent->text);
}

/* RFC 3261 8.2.6, 18.2.2, RFC 3581: the headers of the request come back, to where it came from and the port of its
 * Via. */
static void check_answer(const struct pipeline_message *sent, const struct datagram *datagram, const char *source)
{
	const struct sip_message *message = &datagram->message;
	char address[64];
	uint16_t port = message->via_port ? message->via_port : 5060;

	snprintf(address, sizeof(address), "%.*s:%u", (int)(strrchr(source, ':') - source), source, port);
	/* The address that they write is nearly always that of somebody else: NAT, as far as the router knows (R35). */
	struct span sent_by = sip_message_text(message, message->via_host);
	uint8_t ip[16];
	bool is_elsewhere = uri_parse_ip(ip, sent_by) && !span_starts_with(span_of_text(address), sent_by);
	pipeline_case_expect_destination(sent, message->via_has_rport || is_elsewhere ? source : address);
	expect_echo(sent, datagram, SIP_HEADER_FROM, "\r\nFrom: ");
	expect_echo(sent, datagram, SIP_HEADER_TO, "\r\nTo: ");
	expect_echo(sent, datagram, SIP_HEADER_CALL_ID, "\r\nCall-ID: ");
	expect_echo(sent, datagram, SIP_HEADER_CSEQ, "\r\nCSeq: ");
	for (uint8_t i = message->first[SIP_HEADER_VIA]; (i = sip_message_next(message, i)) != SIP_HEADER_NONE;) {
		struct span via = sip_message_header_value(message, i);
		if (!holds(sent, via.at, via.length))
			fail_msg("the answer has lost a Via:\n%s", sent->text);
	}
}

/* What rules of ours rewrite (R16, R22-R24, R30); everything else passes as it is. */
static bool is_rewritten(const struct sip_message *message, uint8_t index)
{
	switch (message->header[index].name) {
	case SIP_HEADER_VIA:
		return index == message->first[SIP_HEADER_VIA];
	case SIP_HEADER_FROM:
	case SIP_HEADER_TO:
	case SIP_HEADER_MAX_FORWARDS:
	case SIP_HEADER_ROUTE:
	case SIP_HEADER_PROXY_AUTHORIZATION:
	case SIP_HEADER_P_ASSERTED_IDENTITY:
		return true;
	default:
		return false;
	}
}

static struct span header_line(const struct sip_message *message, uint8_t index)
{
	uint16_t start = message->header[index].start;
	return span_make(message->bytes.at + start, (size_t)(sip_message_header_end(message, index) - start));
}

/* Every line that is not ours to change, byte for byte and in its order; the body, and nothing behind it. */
static void check_forwarded(const struct pipeline_message *sent, const struct datagram *datagram)
{
	static struct sip_message out;
	const struct sip_message *in = &datagram->message;
	const char *at = sent->text;

	if (message_parse(&out, span_make(sent->text, sent->length)) != REASON_NONE)
		fail_msg("what was forwarded does not parse:\n%s", sent->text);
	for (uint8_t i = 0; i < in->header_count; i++) {
		struct span line = header_line(in, i);
		if (is_rewritten(in, i))
			continue;
		at = memmem(at, (size_t)(sent->text + sent->length - at), line.at, line.length);
		if (!at)
			fail_msg("'" SPAN_FORMAT "' was not forwarded, or not in its place:\n%s", SPAN_ARGUMENTS(line),
				 sent->text);
		at += line.length;
	}
	struct span body = sip_message_text(&out, out.body);
	assert_true(span_equals(body, sip_message_text(in, in->body)));
	assert_ptr_equal(body.at + body.length, sent->text + sent->length);
	assert_int_equal(sip_message_has(&out, SIP_HEADER_PROXY_AUTHORIZATION), 0);
	pipeline_case_expect_destination(sent, FRIEND);
}

static void check_texts(const struct torture_row *row, const struct pipeline_message *sent)
{
	for (size_t i = 0; i < sizeof(row->has) / sizeof(row->has[0]) && row->has[i]; i++)
		if (!holds(sent, row->has[i], strlen(row->has[i])))
			fail_msg("%s (%s): no '%s' in:\n%s", row->file, row->why, row->has[i], sent->text);
	for (size_t i = 0; i < sizeof(row->lacks) / sizeof(row->lacks[0]) && row->lacks[i]; i++)
		if (holds(sent, row->lacks[i], strlen(row->lacks[i])))
			fail_msg("%s (%s): '%s' in:\n%s", row->file, row->why, row->lacks[i], sent->text);
}

/* Sends it; fails unless it ended for `reason` with `status`. Result: whether something left. */
static bool send_row(struct pipeline *pipeline, const struct torture_row *row, struct datagram *datagram,
		     enum reason reason, int status, struct pipeline_message *sent)
{
	const char *source = row->source ? row->source : SOURCE;
	struct pipeline_message second;
	uint64_t before = pipeline_reason(pipeline, reason), received = pipeline_counter(pipeline, COUNTER_RECEIVED);

	uint32_t datagram_bytes = datagram->length + 8; /* with the UDP header */
	pipeline_send_bytes(pipeline, source, span_make(datagram->bytes, datagram->length));
	bool left = pipeline_take(pipeline, sent);
	int got = left ? sip_status(sent->text) : 0;
	if (got != status || left != (status != 0 || reason == REASON_FORWARDED_REQUEST) ||
	    pipeline_reason(pipeline, reason) != before + 1)
		fail_msg("%s (%s): wanted %s and %d, got %d:\n%s", row->file, row->why, reason_rows[reason].name,
			 status, got, left ? sent->text : "nothing");
	/* One frame, or its fragments. */
	assert_int_equal(pipeline_counter(pipeline, COUNTER_RECEIVED), received + 1 + datagram_bytes / FRAGMENT_BYTES);
	assert_false(pipeline_take(pipeline, &second));
	read_datagram(datagram);
	if (left && got)
		check_answer(sent, datagram, source);
	else if (left)
		check_forwarded(sent, datagram);
	return left;
}

static void add_credentials(struct datagram *datagram, const char *challenge, const char *user, unsigned int nc)
{
	char line[1024], method[32], uri[256];
	struct sip_account account = {.user = user, .password = PASSWORD, .nc = nc};

	assert_int_equal(sscanf(datagram->bytes, "%31s %255s", method, uri), 2);
	sip_authorization_write(line, challenge, &account, method, uri);
	const char *end = memchr(datagram->bytes, '\n', datagram->length);
	replace(datagram, (uint32_t)(end + 1 - datagram->bytes), 0, line, (uint32_t)strlen(line));
}

/* `nc`: messages share Call-IDs, so their challenges share nonces. */
static void check_row(struct pipeline *pipeline, const struct torture_row *row, unsigned int nc)
{
	static struct datagram datagram;
	static struct pipeline_message sent;
	enum reason reason = row->reason;
	int status = row->status;

	load_row(&datagram, row);
	if (row->user) {
		bool registers = memcmp(datagram.bytes, "REGISTER", 8) == 0;
		send_row(pipeline, row, &datagram, registers ? REASON_CHALLENGED_REGISTER : REASON_CHALLENGED,
			 registers ? 401 : 407, &sent);
		load_row(&datagram, row);
		add_credentials(&datagram, sent.text, row->user, nc);
	}
	if (send_row(pipeline, row, &datagram, reason, status, &sent))
		check_texts(row, &sent);
}

static void every_message_ends_as_its_row_says(void **state)
{
	char text[sizeof(provisioning) + 64];
	const char *domain = DOMAIN;

	snprintf(text, sizeof(text), provisioning, domain);
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, text);
	for (unsigned int i = 0; i < torture_row_count; i++) {
		const struct torture_row *row = &torture_rows[i];
		const char *wanted = row->domain ? row->domain : DOMAIN;
		if (strcmp(wanted, domain) != 0) {
			snprintf(text, sizeof(text), provisioning, wanted);
			assert_true(pipeline_apply(pipeline, text));
			domain = wanted;
		}
		check_row(pipeline, row, i + 1);
	}
	pipeline_stop(pipeline);
}

/* The line of `name` becomes the first `count` lines of that name in `from`. */
static void take_lines(struct datagram *datagram, const char *name, const char *from, unsigned int count)
{
	char lines[4096] = "", value[2048], label[32];

	for (unsigned int i = 0; i < count; i++) {
		assert_true(sip_find_header(value, sizeof(value), from, name, i));
		snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "\r\n%s: %s", name, value);
	}
	snprintf(label, sizeof(label), "\r\n%s:", name);
	const char *line = memmem(datagram->bytes, datagram->length, label, strlen(label));
	assert_non_null(line);
	const char *end = memchr(line + 2, '\r', datagram->length - (size_t)(line + 2 - datagram->bytes));
	replace(datagram, (uint32_t)(line - datagram->bytes), (uint32_t)(end - line), lines, (uint32_t)strlen(lines));
}

/* The responses as what the callee of a call sends: the Via and Call-ID are those of the call. */
struct answer_row {
	const char *file;
	const char *start_line; /* that reaches the caller; NULL: nothing does */
	unsigned int via_count; /* of the call's, in place of the first one of the file */
	bool has_dialog;	/* From and To are those of the call too */
	enum reason reason;
};

static const struct answer_row answer_rows[] = {
	/* 3.1.1.12: UTF-8 in a reason phrase passes. */
	{"rfc4475/unreason",
	 "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe "
	 "\xd0\xb4\xd0\xb5\xd0\xb2\xd1\x8f\xd0\xbd\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe "
	 "\xd0\xb4\xd0\xb5\xd0\xb2\xd1\x8f\xd1\x82\xd1\x8c - "
	 "\xd0\xbf\xd1\x80\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe\xd0\xb5\r\n",
	 2, true, REASON_FORWARDED_RESPONSE},
	/* 3.1.1.13: an empty one is a 100 as any other, which goes no further. */
	{"rfc4475/noreason", NULL, 2, true, REASON_PROVISIONAL_ABSORBED},
	/* 3.1.2.5, 3.1.2.19: dropped, whoever sends it. */
	{"rfc4475/scalarlg", NULL, 2, true, REASON_MALFORMED_RESPONSE},
	{"rfc4475/bigcode", NULL, 2, true, REASON_MALFORMED_RESPONSE},
	/* 3.3.10: our branch is right, but the next Via is everybody's, and the CSeq another one. */
	{"rfc4475/bcast", NULL, 1, false, REASON_RESPONSE_FORGED},
};

static void check_answer_row(struct pipeline *pipeline, const struct answer_row *row, const char *call)
{
	static struct datagram datagram;
	static struct pipeline_message sent;
	const struct torture_row file = {.file = row->file};
	uint64_t before = pipeline_reason(pipeline, row->reason);

	load_row(&datagram, &file);
	take_lines(&datagram, "Via", call, row->via_count);
	take_lines(&datagram, "Call-ID", call, 1);
	if (row->has_dialog) {
		take_lines(&datagram, "From", call, 1);
		take_lines(&datagram, "To", call, 1);
	}
	if (row->reason != REASON_MALFORMED_RESPONSE && row->has_dialog) {
		take_lines(&datagram, "CSeq", call, 1);
	}
	pipeline_send_bytes(pipeline, FRIEND, span_make(datagram.bytes, datagram.length));
	if (pipeline_reason(pipeline, row->reason) != before + 1)
		fail_msg("%s as an answer did not end as %s", row->file, reason_rows[row->reason].name);
	assert_true(pipeline_take_any(pipeline, &sent) == (row->start_line != NULL));
	if (!row->start_line)
		return;
	assert_memory_equal(sent.text, row->start_line, strlen(row->start_line));
	pipeline_case_expect_destination(&sent, SOURCE);
	read_datagram(&datagram);
	struct span body = sip_message_text(&datagram.message, datagram.message.body);
	assert_true(sent.length > body.length);
	assert_memory_equal(sent.text + sent.length - body.length, body.at, body.length);
}

static void responses_as_answers_to_a_call(void **state)
{
	char text[sizeof(provisioning) + 64];
	struct pipeline_message call;
	struct sip_account caller = {.user = "caller", .password = PASSWORD, .nc = 1};

	snprintf(text, sizeof(text), provisioning, DOMAIN);
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, text);
	struct sip_request request = {
		.uri = "sip:user@" DOMAIN, .from = "<sip:caller@" DOMAIN ">", .to = "<sip:user@" DOMAIN ">"};
	assert_int_equal(pipeline_case_call(pipeline, SOURCE, &request, &caller, &call), 0);
	for (size_t i = 0; i < sizeof(answer_rows) / sizeof(answer_rows[0]); i++)
		check_answer_row(pipeline, &answer_rows[i], call.text);
	pipeline_stop(pipeline);
}

/* 3.3.14, RFC 3261 16.6 step 2: what a Request-URI must not have stays in the binding. */
static void headers_and_method_of_a_contact_are_not_called(void **state)
{
	static struct pipeline_message sent;
	static const struct torture_row row = {.file = "rfc4475/regescrt",
					       .why = "3.3.14: called",
					       .replace = "sip:user@example.com?Route",
					       .with = "sip:user@example.com;a=b;method=BYE;c?Route",
					       .user = "user",
					       .reason = REASON_PUNTED_REGISTER,
					       .status = 200,
					       .has = {"<sip:user@example.com;a=b;method=BYE;c?Route=%3C"}};
	static const char start_line[] = "INVITE sip:user@example.com;a=b;c SIP/2.0\r\n";
	char text[sizeof(provisioning) + 64];
	struct sip_account caller = {.user = "caller", .password = PASSWORD, .nc = 1};
	struct sip_request request = {
		.uri = "sip:100@" DOMAIN, .from = "<sip:caller@" DOMAIN ">", .to = "<sip:100@" DOMAIN ">"};

	snprintf(text, sizeof(text), provisioning, DOMAIN);
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, text);
	check_row(pipeline, &row, 1);
	assert_int_equal(pipeline_case_call(pipeline, SOURCE, &request, &caller, &sent), 0);
	if (strncmp(sent.text, start_line, strlen(start_line)) != 0)
		fail_msg("the contact was called as:\n%s", sent.text);
	pipeline_stop(pipeline);
}

static bool has_row(const char *folder, const char *name)
{
	char file[128];
	snprintf(file, sizeof(file), "%s/%.*s", folder, (int)(strlen(name) - strlen(".dat")), name);
	for (unsigned int i = 0; i < torture_row_count; i++)
		if (!torture_rows[i].replace && strcmp(torture_rows[i].file, file) == 0)
			return true;
	return false;
}

static void every_file_has_a_row(void **state)
{
	unsigned int count = 0;
	(void)state;
	for (unsigned int i = 0; i < FOLDER_COUNT; i++) {
		char pattern[4096];
		glob_t found = {0};
		snprintf(pattern, sizeof(pattern), "%s/%s/*.dat", TORTURE_MESSAGES, folders[i]);
		assert_int_equal(glob(pattern, 0, NULL, &found), 0);
		for (size_t j = 0; j < found.gl_pathc; j++, count++)
			if (!has_row(folders[i], strrchr(found.gl_pathv[j], '/') + 1))
				fail_msg("%s has no row", found.gl_pathv[j]);
		globfree(&found);
	}
	assert_int_equal(count, 49 + 12);
}

static void check_sum(const char *path, const char *wanted)
{
	static char bytes[SIP_MESSAGE_BYTES_MAX];
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[HEX_SHA256 + 1];
	unsigned int length = 0;
	uint32_t size = load_file(bytes, path);

	assert_true(EVP_Digest(bytes, size, digest, &length, EVP_sha256(), NULL));
	for (unsigned int i = 0; i < length; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (strcmp(hex, wanted) != 0)
		fail_msg("%s is not the file of the RFC", path);
}

/* Checks the files of a folder that has a SHA256SUMS, by the sums in `list`. Result: how many. */
static unsigned int check_sums(const char *folder, const char *list)
{
	char line[256], sum[HEX_SHA256 + 1], name[64], path[4096];
	unsigned int count = 0;
	FILE *file = fopen(list, "r");

	if (!file)
		fail_msg("%s cannot be read", list);
	while (fgets(line, sizeof(line), file) && sscanf(line, "%64s %63s", sum, name) == 2) {
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		check_sum(path, sum);
		count++;
	}
	fclose(file);
	return count;
}

/* By the sums that stand beside them; and where shared/testdata is there, by its sums too. */
static void every_file_is_that_of_the_rfc(void **state)
{
	static const char *const shared[] = {SHARED_TESTDATA, "/work/shared/testdata"};
	char folder[4096], list[4096];
	unsigned int count = 0;
	(void)state;

	for (unsigned int i = 0; i < FOLDER_COUNT; i++) {
		snprintf(folder, sizeof(folder), "%s/%s", TORTURE_MESSAGES, folders[i]);
		snprintf(list, sizeof(list), "%s/%s/SHA256SUMS", TORTURE_MESSAGES, folders[i]);
		count += check_sums(folder, list);
		for (size_t j = 0; j < sizeof(shared) / sizeof(shared[0]); j++) {
			snprintf(list, sizeof(list), "%s/%s/SHA256SUMS", shared[j], folders[i]);
			FILE *file = fopen(list, "r");
			if (!file) {
				print_message("%s is not there: compared with our own sums only\n", list);
				continue;
			}
			fclose(file);
			check_sums(folder, list);
		}
	}
	assert_int_equal(count, 49 + 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_has_a_row),
		cmocka_unit_test(every_file_is_that_of_the_rfc),
		PIPELINE_CASE_ROWS(every_message_ends_as_its_row_says),
		PIPELINE_CASE_ROWS(responses_as_answers_to_a_call),
		PIPELINE_CASE_ROWS(headers_and_method_of_a_contact_are_not_called),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
