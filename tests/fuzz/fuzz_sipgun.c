/*
 * What sipgun reads: messages of the router, captures, rows of a pool. The first byte says which.
 */
#include "fuzz_input.h"

#include "gun_pool.h"
#include "gun_read.h"
#include "gun_replay.h"
#include "scan.h"

enum kind { KIND_MESSAGE, KIND_CAPTURE, KIND_POOL, KIND_COUNT };

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
	(void)argument_count;
	(void)arguments;
	scan_select_best();
	return 0;
}

static void check_message(struct span bytes)
{
	static struct gun_message message;

	if (!gun_read(&message, bytes))
		return;
	must(message.line_count <= GUN_READ_LINES_MAX && message.status < 1000);
	fuzz_input_must_hold(bytes, message.call_id);
	for (uint32_t i = 0; i < message.line_count; i++) {
		must(message.line[i].start <= message.line[i].value && message.line[i].value <= message.line[i].end);
		fuzz_input_must_hold(bytes, gun_read_line_value(&message, &message.line[i]));
	}
	for (uint32_t name = 0; name < SIP_HEADER_COUNT; name++) {
		struct span value = gun_read_value(&message, (enum sip_header_name)name);
		fuzz_input_must_hold(bytes, value);
		fuzz_input_must_hold(value, gun_read_tag(value));
		fuzz_input_must_hold(value, gun_read_uri(value));
	}
}

static void check_capture(struct span bytes)
{
	char error[GUN_REPLAY_ERROR_BYTES] = "";
	struct gun_replay replay;

	if (!gun_replay_read(&replay, "fuzz", bytes, error)) {
		must(error[0] != '\0' && replay.payload == NULL);
		return;
	}
	must(replay.count > 0);
	for (uint32_t i = 0; i < replay.count; i++)
		fuzz_input_must_hold(bytes, replay.payload[i]);
	gun_replay_free(&replay);
}

static void check_pool(struct span bytes)
{
	char error[GUN_POOL_ERROR_BYTES] = "";
	struct gun_pool pool;

	if (!gun_pool_read(&pool, "fuzz", bytes, error)) {
		must(error[0] != '\0' && pool.user_count == 0);
		return;
	}
	for (uint32_t i = 0; i < pool.domain_count; i++) {
		must(pool.domain[i].first_user + pool.domain[i].user_count <= pool.user_count);
		must(pool.domain[i].first_dial + pool.domain[i].dial_count <= pool.dial_count);
	}
	for (uint32_t i = 0; i < pool.user_count; i++)
		must(pool.user[i].domain < pool.domain_count && pool.user[i].name.length);
	for (uint32_t i = 0; i < pool.calling_count; i++)
		must(pool.calling[i] < pool.domain_count);
	gun_pool_free(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length);
	uint8_t kind = fuzz_input_byte(&input) % KIND_COUNT;
	struct span copy = fuzz_input_copy(input);

	if (kind == KIND_MESSAGE)
		check_message(copy);
	else if (kind == KIND_CAPTURE)
		check_capture(copy);
	else
		check_pool(copy);
	fuzz_input_free(copy);
	return 0;
}
