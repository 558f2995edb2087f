/*
 * simulation_reference - the model itself, against cases worked out by hand from the figures and tables of RFC 3261,
 * RFC 4320 and RFC 6026: what leaves, in milliseconds, "^" to the sender of the request, ">" to a peer, "*" sent again.
 */
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "reference.h"
#include "reference_choices.h"

enum event {
	END,
	REQUEST,       /* again when it was sent before */
	CANCEL,	       /* by its sender */
	ACK,	       /* likewise, of a non-2xx */
	ANSWER,	       /* client, status */
	ANSWER_CANCEL, /* likewise, to its CANCEL */
	WAIT,	       /* ms */
};

struct step {
	enum event event;
	uint32_t number, status;
	const char *expected;
};

struct sequence {
	enum reference_method method;
	uint32_t target_count;
	struct reference_target target[REFERENCE_TARGETS_MAX];
	struct step step[24];
};

static struct reference reference;
static const char *const names[] = {"INVITE", "ACK", "CANCEL", "BYE", "INFO", "MESSAGE"};

static void print_outputs(char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < reference.output_count; i++) {
		const struct reference_output *output = &reference.output[i];
		length += (size_t)snprintf(text + length, size - length, "%s%llu:", i ? " " : "",
					   (unsigned long long)output->tick * REFERENCE_TICK_MS);
		if (output->status)
			length += (size_t)snprintf(text + length, size - length, "%u%s^%u", output->status,
						   output->tag == REFERENCE_TAG_OWN ? "own" : "", output->peer);
		else
			length += (size_t)snprintf(text + length, size - length, "%s>%u", names[output->method],
						   output->peer);
		length += (size_t)snprintf(text + length, size - length, "%s", output->repeated ? "*" : "");
	}
	reference.output_count = 0;
}

static void do_step(const struct step *step)
{
	switch (step->event) {
	case REQUEST:
		reference_take_request(&reference, 0);
		break;
	case CANCEL:
		reference_take_cancel(&reference, 0);
		break;
	case ACK:
		reference_take_ack(&reference, 0);
		break;
	case ANSWER:
		reference_take_response(&reference, step->number, reference.client[step->number].method, step->status,
					step->status == 100 ? REFERENCE_TAG_NONE : 1 + step->number);
		break;
	case ANSWER_CANCEL:
		reference_take_response(&reference, step->number, REFERENCE_CANCEL, step->status, REFERENCE_TAG_NONE);
		break;
	default:
		reference_advance(&reference, reference.now + step->number / REFERENCE_TICK_MS);
	}
}

static void check(const struct sequence *sequence)
{
	static char text[8192];
	struct reference_request request = {.method = sequence->method, .target_count = sequence->target_count};

	memcpy(request.target, sequence->target, sizeof(request.target));
	reference_init(&reference, 0);
	assert_int_equal(reference_add_request(&reference, &request), 0);
	for (const struct step *step = sequence->step; step->event != END; step++) {
		do_step(step);
		print_outputs(text, sizeof(text));
		if (strcmp(text, step->expected) != 0)
			fail_msg("step %ld:\n  %s\nand not\n  %s", (long)(step - sequence->step), text, step->expected);
	}
}

#define ONE_PEER .target_count = 1, .target = {{.count = 1, .peer = {1}, .q = {1000}}}

/* Figure 5 and 7: A doubles, B ends it; our 408 is repeated by G up to T2 until H. */
static void invite_that_nobody_answers(void **state)
{
	(void)state;
	check(&(struct sequence){
		ONE_PEER,
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1"},
			 {WAIT, 31990, 0,
			  "500:INVITE>1* 1500:INVITE>1* 3500:INVITE>1* 7500:INVITE>1* 15500:INVITE>1* 31500:INVITE>1*"},
			 {WAIT, 10, 0, "32000:408own^0"},
			 {WAIT, 20000, 0,
			  "32500:408own^0* 33500:408own^0* 35500:408own^0* 39500:408own^0* 43500:408own^0* "
			  "47500:408own^0* "
			  "51500:408own^0*"},
			 {WAIT, 12000, 0, "55500:408own^0* 59500:408own^0* 63500:408own^0*"},
			 {WAIT, 100000, 0, ""},
			 {REQUEST, 0, 0, "164000:100^0 164000:INVITE>1"}},
	});
}

static void invite_repeated_gets_the_last_provisional(void **state)
{
	(void)state;
	check(&(struct sequence){
		ONE_PEER,
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1"},
			 {REQUEST, 0, 0, "0:100^0*"},
			 {ANSWER, 0, 100, ""},
			 {WAIT, 20000, 0, ""},
			 {ANSWER, 0, 180, "20000:180^0"},
			 {REQUEST, 0, 0, "20000:180^0*"},
			 {ANSWER, 0, 183, "20000:183^0"},
			 {REQUEST, 0, 0, "20000:183^0*"},
			 {ANSWER, 0, 486, "20000:ACK>1 20000:486^0"},
			 {WAIT, 500, 0, "20500:486^0*"},
			 {REQUEST, 0, 0, "20500:486^0*"},
			 {ANSWER, 0, 486, "20500:ACK>1*"},
			 {ACK, 0, 0, ""},
			 {REQUEST, 0, 0, ""},
			 {WAIT, 31490, 0, ""},
			 {ANSWER, 0, 486, "51990:ACK>1*"},
			 {WAIT, 10, 0, ""}, /* D */
			 {ANSWER, 0, 486, ""}},
	});
}

/* RFC 6026 8.4, 8.5: repeated INVITEs are absorbed, each 2xx passes until M. */
static void accepted(void **state)
{
	(void)state;
	check(&(struct sequence){
		ONE_PEER,
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1"},
			 {ANSWER, 0, 200, "0:200^0"},
			 {REQUEST, 0, 0, ""},
			 {ANSWER, 0, 200, "0:200^0"},
			 {ANSWER, 0, 486, ""},
			 {ANSWER, 0, 180, ""},
			 {WAIT, 31990, 0, ""},
			 {ANSWER, 0, 200, "31990:200^0"},
			 {CANCEL, 0, 0, "31990:200own^0"},
			 {WAIT, 10, 0, ""},
			 {ANSWER, 0, 200, ""},
			 {CANCEL, 0, 0, "32000:481own^0"}},
	});
}

/* Figure 6 and 8; RFC 4320: 100 after 3.5 s and no 408. */
static void message_that_nobody_answers(void **state)
{
	(void)state;
	check(&(struct sequence){
		.method = REFERENCE_MESSAGE,
		ONE_PEER,
		.step = {{REQUEST, 0, 0, "0:MESSAGE>1"},
			 {REQUEST, 0, 0, ""},
			 {WAIT, 3490, 0, "500:MESSAGE>1* 1500:MESSAGE>1*"},
			 {WAIT, 10, 0, "3500:MESSAGE>1* 3500:100^0"},
			 {REQUEST, 0, 0, "3500:100^0*"},
			 {WAIT, 28490, 0,
			  "7500:MESSAGE>1* 11500:MESSAGE>1* 15500:MESSAGE>1* 19500:MESSAGE>1* 23500:MESSAGE>1* "
			  "27500:MESSAGE>1* 31500:MESSAGE>1*"},
			 {WAIT, 10, 0, ""},
			 {ANSWER, 0, 200, ""},
			 {REQUEST, 0, 0, "32000:MESSAGE>1"}},
	});
}

/* 17.1.2.2: a provisional response slows E down when it fires next, not before. */
static void message_answered(void **state)
{
	(void)state;
	check(&(struct sequence){
		.method = REFERENCE_MESSAGE,
		ONE_PEER,
		.step = {{REQUEST, 0, 0, "0:MESSAGE>1"},
			 {ANSWER, 0, 183, ""},
			 {WAIT, 5000, 0, "500:MESSAGE>1* 3500:100^0 4500:MESSAGE>1*"},
			 {ANSWER, 0, 404, "5000:404^0"},
			 {REQUEST, 0, 0, "5000:404^0*"},
			 {ANSWER, 0, 404, ""},
			 {WAIT, 31990, 0, ""},
			 {REQUEST, 0, 0, "36990:404^0*"},
			 {WAIT, 10, 0, ""},
			 {REQUEST, 0, 0, "37000:MESSAGE>1"}},
	});
}

static void message_408_of_the_far_side_is_not_passed(void **state)
{
	(void)state;
	check(&(struct sequence){
		.method = REFERENCE_MESSAGE,
		ONE_PEER,
		.step = {{REQUEST, 0, 0, "0:MESSAGE>1"}, {ANSWER, 0, 408, ""}, {WAIT, 40000, 0, ""}},
	});
}

/* 16.7 step 5: a 2xx goes up at once, whatever the others do; only INVITEs are cancelled. */
static void message_to_two(void **state)
{
	(void)state;
	check(&(struct sequence){
		.method = REFERENCE_MESSAGE,
		.target_count = 1,
		.target = {{.count = 2, .peer = {1, 2}, .q = {1000, 1000}}},
		.step = {{REQUEST, 0, 0, "0:MESSAGE>1 0:MESSAGE>2"},
			 {ANSWER, 0, 100, ""},
			 {ANSWER, 1, 603, ""},
			 {ANSWER, 0, 200, "0:200^0"},
			 {WAIT, 5000, 0, ""}},
	});
}

/* 9.1: only who has answered anything is cancelled at once; the CANCEL is a transaction of its own. */
static void cancel(void **state)
{
	(void)state;
	check(&(struct sequence){
		.target_count = 1,
		.target = {{.count = 3, .peer = {1, 2, 3}, .q = {1000, 1000, 500}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1 0:INVITE>2"},
			 {ANSWER, 0, 180, "0:180^0"},
			 {CANCEL, 0, 0, "0:CANCEL>1 0:200own^0"},
			 {CANCEL, 0, 0, "0:200own^0"},
			 {WAIT, 500, 0, "500:INVITE>2* 500:CANCEL>1*"},
			 {ANSWER_CANCEL, 0, 200, ""},
			 {ANSWER, 1, 180, "500:CANCEL>2"},
			 {ANSWER, 0, 487, "500:ACK>1"},
			 {WAIT, 4000, 0, "1000:CANCEL>2* 2000:CANCEL>2* 4000:CANCEL>2*"},
			 {ANSWER, 1, 487, "4500:ACK>2 4500:487^0"}, /* and not the next q */
			 {CANCEL, 0, 0, "4500:200own^0"}},
	});
}

/* 9.1: 64*T1 after the CANCEL it counts as cancelled. */
static void cancel_that_nobody_answers(void **state)
{
	(void)state;
	check(&(struct sequence){
		ONE_PEER,
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1"},
			 {ANSWER, 0, 100, ""},
			 {CANCEL, 0, 0, "0:CANCEL>1 0:200own^0"},
			 {ANSWER_CANCEL, 0, 481, ""},
			 {WAIT, 31990, 0, ""},
			 {WAIT, 10, 0, "32000:487own^0"},
			 {ANSWER, 0, 200, ""}},
	});
}

/* 16.6, 16.7: by q; 16.7 step 6. */
static void groups_one_after_the_other_and_the_best_response(void **state)
{
	(void)state;
	check(&(struct sequence){
		.target_count = 1,
		.target = {{.count = 3, .peer = {1, 2, 3}, .q = {1000, 1000, 500}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1 0:INVITE>2"},
			 {ANSWER, 0, 486, "0:ACK>1"},
			 {ANSWER, 1, 415, "0:ACK>2 0:INVITE>3"},
			 {ANSWER, 2, 500, "0:ACK>3 0:415^0"}},
	});
}

static void refusal_by_6xx_ends_all(void **state)
{
	(void)state;
	check(&(struct sequence){
		.target_count = 1,
		.target = {{.count = 3, .peer = {1, 2, 3}, .q = {1000, 1000, 500}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1 0:INVITE>2"},
			 {ANSWER, 0, 180, "0:180^0"},
			 {ANSWER, 1, 600, "0:ACK>2 0:CANCEL>1"},
			 {ANSWER, 0, 487, "0:ACK>1 0:600^0"}},
	});
}

static void challenge_of_the_far_side(void **state)
{
	(void)state;
	check(&(struct sequence){
		.target_count = 1,
		.target = {{.count = 2, .peer = {1, 2}, .q = {1000, 1000}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1 0:INVITE>2"},
			 {ANSWER, 0, 401, "0:ACK>1"},
			 {ANSWER, 1, 503, "0:ACK>2 0:502own^0"}},
	});
}

/* 13.2.2.4, 16.7 step 5 and 10: several 2xx, also after another final response. */
static void success_of_several(void **state)
{
	(void)state;
	check(&(struct sequence){
		.target_count = 1,
		.target = {{.count = 2, .peer = {1, 2}, .q = {1000, 1000}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1 0:INVITE>2"},
			 {ANSWER, 0, 180, "0:180^0"},
			 {ANSWER, 1, 200, "0:200^0 0:CANCEL>1"},
			 {ANSWER, 0, 200, "0:200^0"},
			 {WAIT, 40000, 0, ""}},
	});
	check(&(struct sequence){
		.target_count = 1,
		.target = {{.count = 2, .peer = {1, 2}, .q = {1000, 1000}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1 0:INVITE>2"},
			 {ANSWER, 0, 603, "0:ACK>1"},
			 {ANSWER, 1, 200, "0:200^0"},
			 {REQUEST, 0, 0, ""}},
	});
}

/* 16.6 step 11, 16.7 step 2, 16.8. */
static void timer_c(void **state)
{
	(void)state;
	check(&(struct sequence){
		ONE_PEER,
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1"},
			 {ANSWER, 0, 100, ""},
			 {WAIT, 100000, 0, ""},
			 {ANSWER, 0, 180, "100000:180^0"},
			 {ANSWER, 0, 100, ""},
			 {WAIT, 180990, 0, ""},
			 {WAIT, 10, 0, "281000:CANCEL>1"},
			 {ANSWER_CANCEL, 0, 200, ""},
			 {ANSWER, 0, 487, "281000:ACK>1 281000:487^0"}},
	});
}

/* R16: 408 and 5xx lead to the next carrier, others do not. */
static void next_target(void **state)
{
	(void)state;
	check(&(struct sequence){
		.target_count = 2,
		.target = {{.kind = TARGET_CARRIER,
			    .next = {[FAILURE_UNREACHABLE] = 1},
			    .count = 1,
			    .peer = {4},
			    .q = {1000}},
			   {.kind = TARGET_CARRIER, .count = 1, .peer = {5}, .q = {1000}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>4"},
			 {ANSWER, 0, 503, "0:ACK>4 0:INVITE>5"},
			 {ANSWER, 1, 404, "0:ACK>5 0:404^0"}},
	});
	check(&(struct sequence){
		.target_count = 2,
		.target = {{.kind = TARGET_CARRIER,
			    .next = {[FAILURE_UNREACHABLE] = 1},
			    .count = 1,
			    .peer = {4},
			    .q = {1000}},
			   {.kind = TARGET_CARRIER, .count = 1, .peer = {5}, .q = {1000}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>4"}, {ANSWER, 0, 486, "0:ACK>4 0:486^0"}},
	});
}

/* R27, R28: who rings too long is cancelled and another one asked beside it; the busy one of both leads to a third. */
static void forwards(void **state)
{
	(void)state;
	check(&(struct sequence){
		.target_count = 3,
		.target = {{.kind = TARGET_FRIEND,
			    .next = {[FAILURE_NO_ANSWER] = 1},
			    .ring_ticks = 500,
			    .count = 1,
			    .peer = {1},
			    .q = {1000}},
			   {.kind = TARGET_FRIEND, .next = {[FAILURE_BUSY] = 2}, .count = 1, .peer = {2}, .q = {1000}},
			   {.count = 1, .peer = {3}, .q = {1000}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1"},
			 {ANSWER, 0, 180, "0:180^0"},
			 {WAIT, 4990, 0, ""},
			 {WAIT, 10, 0, "5000:CANCEL>1 5000:INVITE>2"},
			 {ANSWER_CANCEL, 0, 200, ""},
			 {ANSWER, 2, 486, "5000:ACK>2 5000:INVITE>3"},
			 {ANSWER, 0, 487, "5000:ACK>1"},
			 {ANSWER, 3, 404, "5000:ACK>3 5000:486^0"}},
	});
	check(&(struct sequence){
		.target_count = 2,
		.target = {{.kind = TARGET_FRIEND, .next = {[FAILURE_BUSY] = 1}, .count = 1, .peer = {1}, .q = {1000}},
			   {.count = 2, .peer = {2, 3}, .q = {1000, 500}}},
		.step = {{REQUEST, 0, 0, "0:100^0 0:INVITE>1"},
			 {ANSWER, 0, 600, "0:ACK>1 0:INVITE>2"}, /* R28; not for the bindings of one target: */
			 {ANSWER, 1, 603, "0:ACK>2 0:600^0"}},
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invite_that_nobody_answers),
		cmocka_unit_test(invite_repeated_gets_the_last_provisional),
		cmocka_unit_test(accepted),
		cmocka_unit_test(message_that_nobody_answers),
		cmocka_unit_test(message_answered),
		cmocka_unit_test(message_408_of_the_far_side_is_not_passed),
		cmocka_unit_test(message_to_two),
		cmocka_unit_test(cancel),
		cmocka_unit_test(cancel_that_nobody_answers),
		cmocka_unit_test(groups_one_after_the_other_and_the_best_response),
		cmocka_unit_test(refusal_by_6xx_ends_all),
		cmocka_unit_test(challenge_of_the_far_side),
		cmocka_unit_test(success_of_several),
		cmocka_unit_test(timer_c),
		cmocka_unit_test(next_target),
		cmocka_unit_test(forwards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
