#include "publish.h"
#include "match_memory.h"
#include "tsc_clock.h"

#include <stdlib.h>

#include <event2/event.h>
#include <hs.h>
#include <rte_rcu_qsbr.h>

/* A grace period lasts a few bursts; polling this often keeps replaced tables a millisecond longer than needed. */
#define POLL_INTERVAL_US 1000

enum part {
	PART_DIRECTORY,
	PART_WIRE,
	PART_KEYS,
	PART_LOCATION,
	PART_BANS,
	PART_COUNT,
};

/* One set of working memories: an element a worker, and one more for the control thread. */
struct scratch_set {
	uint32_t count;
	size_t hyperscan_bytes; /* of each */
	struct match_scratch scratch[LCORES_MAX + 1];
};

struct retired {
	struct retired *next;
	const void *part;
	publish_release_fn release;
	uint64_t token;
};

struct publisher {
	struct dataplane *dataplane;
	struct snapshot *current;
	publish_release_fn release[PART_COUNT]; /* of the live parts */
	struct scratch_set *scratch;		/* live; NULL before the first directory */
	hs_scratch_t *largest;			/* never scans: says how large a scratch must be */
	struct event *timer;
	struct retired *oldest, **newest;
	uint32_t retired_count;
};

/* ---- scratch ---- */

static void free_scratch(const void *part)
{
	struct scratch_set *set = (struct scratch_set *)part;
	for (uint32_t i = 0; i < set->count; i++)
		match_memory_release(&set->scratch[i]);
	free(set);
}

static size_t size_of(const hs_scratch_t *scratch)
{
	size_t size = 0;
	return scratch && hs_scratch_size(scratch, &size) == HS_SUCCESS ? size : 0;
}

static struct scratch_set *make_scratch(uint32_t workers, const hs_scratch_t *largest)
{
	struct scratch_set *set = calloc(1, sizeof(*set));
	if (!set)
		return NULL;
	for (uint32_t i = 0; i <= LCORES_MAX; i++) {
		/* The last element is the control thread's, however many workers there are. */
		if (i >= workers && i < LCORES_MAX)
			continue;
		set->count = i + 1;
		if (!match_memory_fill(&set->scratch[i], largest)) {
			free_scratch(set);
			return NULL; /* NOLINT(clang-analyzer-unix.Malloc): the set went with free_scratch() */
		}
	}
	set->hyperscan_bytes = size_of(largest);
	return set;
}

/* Result: false when memory ends. *set is a new set of scratches, or NULL when the live one is large enough. */
static bool prepare_scratch(struct publisher *publisher, const struct directory *directory, struct scratch_set **set)
{
	if (!match_memory_grow(&publisher->largest, directory, publisher->current->directory))
		return false;
	*set = NULL;
	/* The largest may have grown for a directory that then could not be published. */
	if (publisher->scratch && publisher->scratch->hyperscan_bytes == size_of(publisher->largest))
		return true;
	*set = make_scratch(publisher->dataplane->worker_count, publisher->largest);
	return *set != NULL;
}

/* ---- retiring ---- */

static bool is_over(const struct publisher *publisher, uint64_t token)
{
	struct rte_rcu_qsbr *qsbr = publisher->dataplane->qsbr;
	return !qsbr || rte_rcu_qsbr_check(qsbr, token, false) == 1;
}

static void start_timer(struct publisher *publisher)
{
	static const struct timeval interval = {.tv_usec = POLL_INTERVAL_US};
	if (publisher->timer && publisher->oldest && !event_pending(publisher->timer, EV_TIMEOUT, NULL))
		event_add(publisher->timer, &interval);
}

uint32_t publish_poll(struct publisher *publisher)
{
	/* Tokens only grow: nothing behind the first that is not over can be over. */
	while (publisher->oldest && is_over(publisher, publisher->oldest->token)) {
		struct retired *retired = publisher->oldest;
		publisher->oldest = retired->next;
		if (!publisher->oldest)
			publisher->newest = &publisher->oldest;
		publisher->retired_count--;
		retired->release(retired->part);
		free(retired);
	}
	return publisher->retired_count;
}

uint32_t publish_waiting(const struct publisher *publisher)
{
	return publisher->retired_count;
}

static void poll_timer(evutil_socket_t fd, short events, void *argument)
{
	(void)fd, (void)events;
	publish_poll(argument);
	start_timer(argument);
}

/* Whatever is retired after the exchange: the token is taken once for all of it. */
static void retire(struct publisher *publisher, struct retired *retired, const void *part, publish_release_fn release)
{
	struct rte_rcu_qsbr *qsbr = publisher->dataplane->qsbr;
	*retired = (struct retired){.part = part, .release = release, .token = qsbr ? rte_rcu_qsbr_start(qsbr) : 0};
	*publisher->newest = retired;
	publisher->newest = &retired->next;
	publisher->retired_count++;
}

enum status publish_retire(struct publisher *publisher, const void *part, publish_release_fn release)
{
	struct retired *retired = malloc(sizeof(*retired));
	if (!retired)
		return STATUS_NO_MEMORY;
	retire(publisher, retired, part, release);
	publish_poll(publisher);
	start_timer(publisher);
	return STATUS_OK;
}

/* ---- exchanging ---- */

static void free_snapshot(const void *part)
{
	free((void *)part);
}

/* What one exchange needs, taken before it so that it cannot fail half way. */
struct exchange {
	struct snapshot *snapshot;
	struct retired *retired[3]; /* old snapshot, old part, old scratch */
};

static void cancel(struct exchange *exchange)
{
	free(exchange->snapshot);
	for (size_t i = 0; i < 3; i++)
		free(exchange->retired[i]);
}

static enum status begin(struct publisher *publisher, struct exchange *exchange)
{
	*exchange = (struct exchange){.snapshot = malloc(sizeof(*exchange->snapshot))};
	bool complete = exchange->snapshot != NULL;
	for (size_t i = 0; i < 3; i++) {
		exchange->retired[i] = malloc(sizeof(*exchange->retired[i]));
		complete &= exchange->retired[i] != NULL;
	}
	if (!complete) {
		cancel(exchange);
		return STATUS_NO_MEMORY;
	}
	*exchange->snapshot = *publisher->current;
	exchange->snapshot->generation++;
	return STATUS_OK;
}

static void retire_or_drop(struct publisher *publisher, struct retired *retired, const void *part,
			   publish_release_fn release)
{
	if (part && release)
		retire(publisher, retired, part, release);
	else
		free(retired);
}

/* `old` with its release function: the part that the new snapshot no longer holds. */
static void finish(struct publisher *publisher, struct exchange *exchange, const void *old, publish_release_fn release,
		   struct scratch_set *old_scratch)
{
	struct snapshot *before = publisher->current;
	publisher->current = exchange->snapshot;
	/* Pairs with the acquire load at the start of a worker's burst: it sees the tables as they were built. */
	atomic_store_explicit(&publisher->dataplane->snapshot, exchange->snapshot, memory_order_release);
	retire_or_drop(publisher, exchange->retired[0], before, free_snapshot);
	retire_or_drop(publisher, exchange->retired[1], old, release);
	retire_or_drop(publisher, exchange->retired[2], old_scratch, free_scratch);
	publish_poll(publisher);
	start_timer(publisher);
}

/* The release function of the part that leaves; the one of the new part takes its place. */
static publish_release_fn replace_release(struct publisher *publisher, enum part part, publish_release_fn release)
{
	publish_release_fn old = publisher->release[part];
	publisher->release[part] = release;
	return old;
}

enum status publish_directory(struct publisher *publisher, const struct directory *directory,
			      publish_release_fn release)
{
	struct exchange exchange;
	struct scratch_set *grown, *old_scratch = NULL;
	enum status status = begin(publisher, &exchange);
	if (status != STATUS_OK)
		return status;
	if (!prepare_scratch(publisher, directory, &grown)) {
		cancel(&exchange);
		return STATUS_NO_MEMORY;
	}
	if (grown) {
		old_scratch = publisher->scratch;
		publisher->scratch = grown;
		exchange.snapshot->scratch = grown->scratch;
	}
	const struct directory *old = exchange.snapshot->directory;
	exchange.snapshot->directory = directory;
	finish(publisher, &exchange, old, replace_release(publisher, PART_DIRECTORY, release), old_scratch);
	return STATUS_OK;
}

enum status publish_wire(struct publisher *publisher, const struct wire *wire, publish_release_fn release)
{
	struct exchange exchange;
	enum status status = begin(publisher, &exchange);
	if (status != STATUS_OK)
		return status;
	const struct wire *old = exchange.snapshot->wire;
	exchange.snapshot->wire = wire;
	finish(publisher, &exchange, old, replace_release(publisher, PART_WIRE, release), NULL);
	return STATUS_OK;
}

enum status publish_keys(struct publisher *publisher, const struct secret_keys *keys, publish_release_fn release)
{
	struct exchange exchange;
	enum status status = begin(publisher, &exchange);
	if (status != STATUS_OK)
		return status;
	const struct secret_keys *old = exchange.snapshot->keys;
	exchange.snapshot->keys = keys;
	finish(publisher, &exchange, old, replace_release(publisher, PART_KEYS, release), NULL);
	return STATUS_OK;
}

enum status publish_location(struct publisher *publisher, const struct location *location, publish_release_fn release)
{
	struct exchange exchange;
	enum status status = begin(publisher, &exchange);
	if (status != STATUS_OK)
		return status;
	const struct location *old = exchange.snapshot->location;
	exchange.snapshot->location = location;
	finish(publisher, &exchange, old, replace_release(publisher, PART_LOCATION, release), NULL);
	return STATUS_OK;
}

enum status publish_bans(struct publisher *publisher, const struct ban_table *bans, publish_release_fn release)
{
	struct exchange exchange;
	enum status status = begin(publisher, &exchange);
	if (status != STATUS_OK)
		return status;
	const struct ban_table *old = exchange.snapshot->bans;
	exchange.snapshot->bans = bans;
	finish(publisher, &exchange, old, replace_release(publisher, PART_BANS, release), NULL);
	return STATUS_OK;
}

enum status publish_clock(struct publisher *publisher, const struct publish_clock *clock)
{
	struct exchange exchange;
	enum status status = begin(publisher, &exchange);
	if (status != STATUS_OK)
		return status;
	exchange.snapshot->unix_base_s = clock->unix_base_s;
	exchange.snapshot->tsc_base = clock->tsc_base;
	exchange.snapshot->tsc_hz = clock->tsc_hz;
	finish(publisher, &exchange, NULL, NULL, NULL);
	return STATUS_OK;
}

const struct snapshot *publish_current(const struct publisher *publisher)
{
	return publisher->current;
}

struct match_scratch *publish_control_scratch(const struct publisher *publisher)
{
	return publisher->scratch ? &publisher->scratch->scratch[LCORES_MAX] : NULL;
}

/* ---- life ---- */

enum status publisher_create(struct publisher **publisher, struct dataplane *dataplane, struct event_base *event_base)
{
	struct publisher *created = calloc(1, sizeof(*created));
	struct snapshot *first = calloc(1, sizeof(*first));
	if (!created || !first)
		goto fail;
	created->dataplane = dataplane;
	created->current = first;
	created->newest = &created->oldest;
	if (event_base) {
		created->timer = evtimer_new(event_base, poll_timer, created);
		if (!created->timer)
			goto fail;
	}
	first->generation = 1;
	struct publish_clock clock;
	tsc_clock_read(&clock);
	first->unix_base_s = clock.unix_base_s;
	first->tsc_base = clock.tsc_base;
	first->tsc_hz = clock.tsc_hz;
	atomic_store_explicit(&dataplane->snapshot, first, memory_order_release);
	*publisher = created;
	return STATUS_OK;
fail:
	free(first);
	free(created);
	return STATUS_NO_MEMORY;
}

void publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	const struct snapshot *last = publisher->current;
	const void *const parts[PART_COUNT] = {
		[PART_DIRECTORY] = last->directory, [PART_WIRE] = last->wire, [PART_KEYS] = last->keys,
		[PART_LOCATION] = last->location,   [PART_BANS] = last->bans,
	};
	atomic_store_explicit(&publisher->dataplane->snapshot, NULL, memory_order_release);
	while (publisher->oldest) {
		struct retired *retired = publisher->oldest;
		publisher->oldest = retired->next;
		retired->release(retired->part);
		free(retired);
	}
	for (int i = 0; i < PART_COUNT; i++)
		if (parts[i] && publisher->release[i])
			publisher->release[i](parts[i]);
	if (publisher->scratch)
		free_scratch(publisher->scratch);
	hs_free_scratch(publisher->largest);
	if (publisher->timer)
		event_free(publisher->timer);
	free(publisher->current);
	free(publisher);
}
