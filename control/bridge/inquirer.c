#include "inquirer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <event2/event.h>
#include <rte_ring.h>

#define LOOK_US 2000 /* while something is under way */

/* What one lcore was asked. It may outlive its asking: the lcore owns it until it is done. */
struct asked {
	LIST_ENTRY(asked) link;
	uint32_t worker;
	struct inquiry inquiry;
	/* Behind it: the output, then the Call-ID. */
};

/* What somebody wants to know. */
struct asking {
	TAILQ_ENTRY(asking) link;
	LIST_HEAD(, asked) asked;
	uint64_t due_ms;
	inquirer_done_fn *done;
	void *argument;
};

struct inquirer {
	struct dataplane *dataplane;
	struct event *timer;
	TAILQ_HEAD(, asking) askings; /* by due_ms */
	LIST_HEAD(, asked) left;      /* nobody waits for them any more, but an lcore still has them */
};

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static size_t element_bytes(uint8_t kind)
{
	return kind == INQUIRY_WHY			       ? sizeof(struct decision)
	       : kind == INQUIRY_CALLS || kind == INQUIRY_CALL ? sizeof(struct call_record)
							       : 0;
}

static bool is_done(const struct asked *asked)
{
	/* Pairs with the lcore's release: its results are visible. */
	return atomic_load_explicit(&asked->inquiry.done, memory_order_acquire);
}

static bool is_answered(const struct asked *asked)
{
	return is_done(asked) && !asked->inquiry.abandoned;
}

/* Result: NULL without memory. */
static struct asked *asked_make(struct asking *asking, uint32_t worker, const struct inquiry *question)
{
	size_t output_bytes = question->capacity * element_bytes(question->kind);
	struct asked *made = calloc(1, sizeof(*made) + output_bytes + question->call_id.length);

	if (!made)
		return NULL;
	char *behind = (char *)(made + 1);
	made->worker = worker;
	made->inquiry.kind = question->kind;
	made->inquiry.company_id = question->company_id;
	made->inquiry.handle = question->handle;
	made->inquiry.capacity = question->capacity;
	made->inquiry.cursor = question->cursor;
	made->inquiry.output = output_bytes ? behind : NULL;
	made->inquiry.call_id = span_make(behind + output_bytes, question->call_id.length);
	if (question->call_id.length)
		memcpy(behind + output_bytes, question->call_id.at, question->call_id.length);
	LIST_INSERT_HEAD(&asking->asked, made, link);
	return made;
}

static void asking_drop(struct asking *asking)
{
	struct asked *asked;

	while ((asked = LIST_FIRST(&asking->asked))) {
		LIST_REMOVE(asked, link);
		free(asked);
	}
	free(asking);
}

/* A ring that has no room is one that its lcore does not read. */
static void enqueue(struct inquirer *inquirer, struct asking *asking)
{
	struct asked *asked;

	LIST_FOREACH(asked, &asking->asked, link)
	{
		if (rte_ring_enqueue(inquirer->dataplane->inquiry[asked->worker], &asked->inquiry) == 0)
			continue;
		asked->inquiry.abandoned = true;
		atomic_store_explicit(&asked->inquiry.done, true, memory_order_relaxed);
	}
}

/* Result: false without memory. */
static bool look_again(struct inquirer *inquirer)
{
	static const struct timeval soon = {.tv_usec = LOOK_US};
	bool is_idle = TAILQ_EMPTY(&inquirer->askings) && LIST_EMPTY(&inquirer->left);

	return is_idle || !inquirer->timer || event_add(inquirer->timer, &soon) == 0;
}

enum status inquirer_ask(struct inquirer *inquirer, uint32_t worker, const struct inquiry *question,
			 inquirer_done_fn *done, void *argument)
{
	uint32_t first = worker == INQUIRER_ALL ? 0 : worker;
	uint32_t end = worker == INQUIRER_ALL ? inquirer->dataplane->worker_count : worker + 1;
	struct asking *asking = calloc(1, sizeof(*asking));

	if (!asking)
		return STATUS_NO_MEMORY;
	LIST_INIT(&asking->asked);
	for (uint32_t i = first; i < end; i++) {
		if (!asked_make(asking, i, question)) {
			asking_drop(asking);
			return STATUS_NO_MEMORY;
		}
	}
	asking->done = done;
	asking->argument = argument;
	asking->due_ms = now_ms() + (question->kind == INQUIRY_COUNT ? INQUIRER_WAIT_COUNT_MS : INQUIRER_WAIT_MS);
	TAILQ_INSERT_TAIL(&inquirer->askings, asking, link);
	if (!look_again(inquirer)) {
		TAILQ_REMOVE(&inquirer->askings, asking, link);
		asking_drop(asking);
		return STATUS_NO_MEMORY;
	}
	enqueue(inquirer, asking);
	return STATUS_OK;
}

static bool has_all_answers(const struct asking *asking)
{
	const struct asked *asked;

	LIST_FOREACH(asked, &asking->asked, link)
	if (!is_done(asked))
		return false;
	return true;
}

/* What an lcore still has outlives its asking. */
static void leave_undone(struct inquirer *inquirer, struct asking *asking)
{
	struct asked *asked, *next;

	for (asked = LIST_FIRST(&asking->asked); asked; asked = next) {
		next = LIST_NEXT(asked, link);
		if (is_done(asked))
			continue;
		LIST_REMOVE(asked, link);
		LIST_INSERT_HEAD(&inquirer->left, asked, link);
	}
}

/* Tells who asked, and forgets the asking. */
static void conclude(struct inquirer *inquirer, struct asking *asking)
{
	struct inquiry_answers answers = {.first_missing = UINT32_MAX};
	const struct asked *asked;

	TAILQ_REMOVE(&inquirer->askings, asking, link);
	LIST_FOREACH(asked, &asking->asked, link)
	{
		if (is_answered(asked)) {
			answers.answer[asked->worker] = &asked->inquiry;
			continue;
		}
		answers.missing++;
		if (asked->worker < answers.first_missing)
			answers.first_missing = asked->worker;
	}
	leave_undone(inquirer, asking);
	asking->done(asking->argument, &answers);
	asking_drop(asking);
}

static void free_left(struct inquirer *inquirer, bool all)
{
	struct asked *asked, *next;

	for (asked = LIST_FIRST(&inquirer->left); asked; asked = next) {
		next = LIST_NEXT(asked, link);
		if (!all && !is_done(asked))
			continue;
		LIST_REMOVE(asked, link);
		free(asked);
	}
}

uint32_t inquirer_poll(struct inquirer *inquirer)
{
	struct asking *asking, *next;
	uint64_t now = now_ms();
	uint32_t count = 0;

	/* Who is told may ask again: that one is behind the last, and looked at the next time. */
	for (asking = TAILQ_FIRST(&inquirer->askings); asking; asking = next) {
		next = TAILQ_NEXT(asking, link);
		if (has_all_answers(asking) || now >= asking->due_ms)
			conclude(inquirer, asking);
	}
	free_left(inquirer, false);
	TAILQ_FOREACH(asking, &inquirer->askings, link) count++;
	return count;
}

static void on_timer(evutil_socket_t descriptor, short events, void *argument)
{
	(void)descriptor, (void)events;
	inquirer_poll(argument);
	/* It takes the place in libevent's heap that it just had. */
	(void)look_again(argument);
}

enum status inquirer_create(struct inquirer **inquirer, struct dataplane *dataplane, struct event_base *base)
{
	struct inquirer *made = calloc(1, sizeof(*made));

	if (!made)
		return STATUS_NO_MEMORY;
	made->dataplane = dataplane;
	TAILQ_INIT(&made->askings);
	LIST_INIT(&made->left);
	if (base) {
		made->timer = evtimer_new(base, on_timer, made);
		if (!made->timer) {
			free(made);
			return STATUS_NO_MEMORY;
		}
	}
	*inquirer = made;
	return STATUS_OK;
}

void inquirer_finish(struct inquirer *inquirer)
{
	while (!TAILQ_EMPTY(&inquirer->askings))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): conclude() takes the asking off the list */
		conclude(inquirer, TAILQ_FIRST(&inquirer->askings));
}

void inquirer_free(struct inquirer *inquirer)
{
	if (!inquirer)
		return;
	if (inquirer->timer)
		event_free(inquirer->timer);
	free_left(inquirer, true);
	free(inquirer);
}
