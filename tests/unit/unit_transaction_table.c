#include "cmocka_all.h"

#include <stdlib.h>

#include <rte_mbuf.h>

#include "random_source.h"
#include "registrar_rig.h"
#include "transaction_table.h"

#define COUNT	  200
#define SPARE	  64 /* the least */
#define MBUFS_MAX 400
#define KEYS	  1000
#define MERGES	  40 /* few: long chains */
#define BEGIN	  1000u
#define STEPS	  60000

static struct timer_wheel wheel;
static struct transaction_table table;
static void *memory;
static struct rte_mempool *pool;
static uint32_t pool_count;

/* The naive model: what was asked for, written down. Texts by their number, 0: none. */
struct model_branch {
	struct branch *branch;
	bool timer;
	uint32_t text;
};

struct model_transaction {
	bool is_live;
	uint32_t key, merge;
	bool has_ended, timer;
	uint64_t lingers_since; /* 0: no */
	uint32_t text[3];
	struct model_branch branch[TRANSACTION_BRANCHES_MAX];
	uint32_t branch_count;
};

struct model {
	struct random_source random;
	struct model_transaction transaction[COUNT]; /* [index in the table] */
	uint16_t generation[COUNT + COUNT];
	uint64_t serial;
	uint64_t gave_way_count;
	uint32_t full_count, spent_count, merged_count;
};

static struct model model;

static int begin_with(uint32_t count, uint32_t mbufs_max)
{
	uint64_t bytes = transaction_table_bytes(count);

	if (!registrar_rig_start_eal())
		return -1;
	pool = registrar_rig_dataplane()->pool;
	pool_count = rte_mempool_avail_count(pool);
	memory = aligned_alloc(64, bytes);
	if (!memory)
		return -1;
	memset(memory, 0, bytes);
	memset(&model, 0, sizeof(model));
	model.random = random_source_of(1);
	timer_wheel_init(&wheel, BEGIN);
	transaction_table_init(&table, memory, count, mbufs_max, &wheel);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	return begin_with(COUNT, MBUFS_MAX);
}

/* Every test ends with all mbufs back in the pool. */
static int end(void **state)
{
	(void)state;
	free(memory);
	return rte_mempool_avail_count(pool) == pool_count && wheel.count == 0 ? 0 : -1;
}

static void make_key(uint8_t bytes[TRANSACTION_KEY_BYTES], uint32_t key)
{
	memset(bytes, 0, TRANSACTION_KEY_BYTES);
	bytes[3] = (uint8_t)key; /* with four keys each that begin alike, so that the rest decides */
	memcpy(bytes + 8, &key, sizeof(key));
}

static struct transaction *find(uint32_t key)
{
	uint8_t bytes[TRANSACTION_KEY_BYTES];

	make_key(bytes, key);
	return transaction_table_find(&table, bytes);
}

/* Half of them end alike: the rest decides. */
static uint64_t merge_key_of(uint64_t merge)
{
	return merge << 31;
}

static struct transaction *add(uint32_t key, uint64_t merge, uint32_t mbufs)
{
	uint8_t bytes[TRANSACTION_KEY_BYTES];

	make_key(bytes, key);
	return transaction_table_add(&table, bytes, merge_key_of(merge), mbufs);
}

/* Message number `text`, in an mbuf of its own. */
static void keep(struct kept_message *kept, uint32_t text)
{
	struct rte_mbuf *mbuf = text ? rte_pktmbuf_alloc(pool) : NULL;
	struct span message = {0};

	if (mbuf) {
		char *at = rte_pktmbuf_append(mbuf, 100);
		message = span_make(at + text % 50, (uint32_t)snprintf(at + text % 50, 50, "message %u", text));
		assert_int_equal(rte_mbuf_refcnt_read(mbuf), 1);
	}
	transaction_table_keep(&table, kept, mbuf, message);
}

static void assert_kept(const struct kept_message *kept, uint32_t text)
{
	char message[50] = "";

	if (text)
		snprintf(message, sizeof(message), "message %u", text);
	assert_span_equal(kept_message_text(kept), span_of_text(message));
	assert_int_equal(kept->mbuf != NULL, text != 0);
}

static struct kept_message *kept_of(struct transaction *transaction, uint32_t which)
{
	struct kept_message *const kept[3] = {&transaction->request, &transaction->response, &transaction->best};

	return kept[which];
}

static struct model_transaction *model_find(uint32_t key)
{
	for (uint32_t i = 0; i < COUNT; i++)
		if (model.transaction[i].is_live && model.transaction[i].key == key)
			return &model.transaction[i];
	return NULL;
}

static struct model_transaction *model_find_oldest(void)
{
	struct model_transaction *oldest = NULL;

	for (uint32_t i = 0; i < COUNT; i++) {
		struct model_transaction *one = &model.transaction[i];
		if (one->is_live && one->lingers_since && (!oldest || one->lingers_since < oldest->lingers_since))
			oldest = one;
	}
	return oldest;
}

struct model_counts {
	uint32_t used, lingering, spare, mbufs, timers;
};

static struct model_counts model_count(void)
{
	struct model_counts counts = {0};

	for (uint32_t i = 0; i < COUNT; i++) {
		const struct model_transaction *one = &model.transaction[i];
		if (!one->is_live)
			continue;
		counts.used++;
		counts.lingering += one->lingers_since != 0;
		counts.spare += one->branch_count ? one->branch_count - 1 : 0;
		counts.timers += one->timer;
		for (uint32_t which = 0; which < 3; which++)
			counts.mbufs += one->text[which] != 0;
		for (uint32_t k = 0; k < one->branch_count; k++) {
			counts.mbufs += one->branch[k].text != 0;
			counts.timers += one->branch[k].timer;
		}
	}
	return counts;
}

static void assert_counts(void)
{
	struct model_counts counts = model_count();

	assert_int_equal(table.used_count, counts.used);
	assert_int_equal(table.lingering_count, counts.lingering);
	assert_int_equal(table.spare_used_count, counts.spare);
	assert_int_equal(table.mbufs_kept, counts.mbufs);
	assert_int_equal(wheel.count, counts.timers);
	assert_int_equal(table.gave_way_count, model.gave_way_count);
	assert_int_equal(rte_mempool_avail_count(pool), pool_count - counts.mbufs);
}

static void assert_transaction(struct transaction *transaction, const struct model_transaction *expected)
{
	struct branch *branch = transaction_first_branch(&table, transaction);

	assert_ptr_equal(find(expected->key), transaction);
	assert_int_equal(transaction->merge_key, merge_key_of(expected->merge));
	assert_int_equal(transaction->lingers, expected->lingers_since != 0);
	assert_int_equal(timer_is_running(&transaction->timer), expected->timer);
	assert_int_equal(transaction->branch_count, expected->branch_count);
	for (uint32_t which = 0; which < 3; which++)
		assert_kept(kept_of(transaction, which), expected->text[which]);
	for (uint32_t i = 0; i < expected->branch_count; i++) {
		assert_ptr_equal(branch, expected->branch[i].branch);
		assert_int_equal(branch->transaction, transaction_index(&table, transaction));
		assert_int_equal(branch->state, BRANCH_CALLING);
		assert_int_equal(branch->generation, model.generation[branch_index(&table, branch)]);
		assert_int_equal(timer_is_running(&branch->timer), expected->branch[i].timer);
		assert_kept(&branch->request, expected->branch[i].text);
		branch = branch_next(&table, branch);
	}
	assert_null(branch);
}

static void assert_all(void)
{
	for (uint32_t i = 0; i < COUNT; i++)
		if (model.transaction[i].is_live)
			assert_transaction(&table.transaction[i], &model.transaction[i]);
		else
			assert_int_equal(table.transaction[i].state, TRANSACTION_FREE);
}

static bool model_has_room(uint32_t mbufs)
{
	struct model_counts counts = model_count();

	return counts.used < COUNT && counts.mbufs + mbufs <= MBUFS_MAX;
}

static void step_add(uint32_t key)
{
	uint32_t merge = random_source_below(&model.random, MERGES), mbufs = random_source_below(&model.random, 6);

	if (model_find(key))
		return;
	for (uint32_t i = 0; i < TRANSACTION_GIVE_WAY_MAX && !model_has_room(mbufs) && model_find_oldest(); i++) {
		*model_find_oldest() = (struct model_transaction){0};
		model.gave_way_count++;
	}
	struct transaction *transaction = add(key, merge, mbufs);
	assert_int_equal(transaction != NULL, model_has_room(mbufs));
	if (!transaction) {
		model.full_count++;
		return;
	}
	struct model_transaction *one = &model.transaction[transaction_index(&table, transaction)];
	assert_false(one->is_live);
	assert_int_equal(transaction->state, TRANSACTION_PROCEEDING);
	assert_int_equal(transaction->call, 0);
	transaction->call = key + 1; /* must be gone when it is used again */
	*one = (struct model_transaction){.is_live = true, .key = key, .merge = merge};
}

static void step_add_branch(struct transaction *transaction, struct model_transaction *one)
{
	bool is_first = one->branch_count == 0, is_full = one->branch_count == TRANSACTION_BRANCHES_MAX;
	uint32_t spare_used = model_count().spare;
	struct branch *branch = transaction_table_add_branch(&table, transaction);

	if (is_full || (!is_first && spare_used == SPARE)) {
		assert_null(branch);
		model.spent_count++;
		return;
	}
	assert_non_null(branch);
	uint32_t index = branch_index(&table, branch);
	if (is_first)
		assert_int_equal(index, transaction_index(&table, transaction));
	else
		assert_in_range(index, COUNT, COUNT + SPARE - 1);
	assert_int_equal(branch->secret, 0);
	branch->secret = 1;
	model.generation[index]++;
	one->branch[one->branch_count++] = (struct model_branch){.branch = branch};
}

/* One place mostly, sometimes many. */
static void step_add_branches(struct transaction *transaction, struct model_transaction *one)
{
	uint32_t count = random_source_once_in(&model.random, 8) ? TRANSACTION_BRANCHES_MAX + 1 : 1;

	while (count--)
		step_add_branch(transaction, one);
}

static void step_merged(uint32_t merge)
{
	struct transaction *merged = transaction_table_find_merged(&table, merge_key_of(merge));
	bool is_expected = false;

	for (uint32_t i = 0; i < COUNT; i++) {
		const struct model_transaction *one = &model.transaction[i];
		bool is_one = one->is_live && merge && one->merge == merge && !one->has_ended;
		is_expected |= is_one;
		assert_true(is_one || merged != &table.transaction[i]);
	}
	assert_int_equal(merged != NULL, is_expected);
	model.merged_count += is_expected;
}

static void step_end(struct transaction *transaction, struct model_transaction *one)
{
	static const struct {
		uint8_t state;
		uint16_t status;
		bool has_ended;
	} rows[] = {
		{TRANSACTION_PROCEEDING, 180, false}, {TRANSACTION_ACCEPTED, 200, false},
		{TRANSACTION_COMPLETED, 202, false},  {TRANSACTION_COMPLETED, 486, true},
		{TRANSACTION_CONFIRMED, 302, true},   {TRANSACTION_ENDED, 200, true},
	};
	uint32_t row = random_source_below(&model.random, sizeof(rows) / sizeof(rows[0]));

	transaction->state = rows[row].state;
	transaction->status = rows[row].status;
	one->has_ended = rows[row].has_ended;
}

static void step_linger(struct transaction *transaction, struct model_transaction *one)
{
	transaction_table_linger(&table, transaction);
	if (!one->lingers_since)
		one->lingers_since = ++model.serial;
}

/* Until it lingers again, as the youngest. */
static void step_hold(struct transaction *transaction, struct model_transaction *one)
{
	transaction_table_hold(&table, transaction);
	one->lingers_since = 0;
}

static void step_keep(struct transaction *transaction, struct model_transaction *one)
{
	uint32_t text = random_source_once_in(&model.random, 4) ? 0 : (uint32_t)++model.serial;
	uint32_t which = random_source_below(&model.random, 6);

	if (which < 3) {
		keep(kept_of(transaction, which), text);
		one->text[which] = text;
	} else if (one->branch_count) {
		struct model_branch *branch = &one->branch[random_source_below(&model.random, one->branch_count)];
		keep(&branch->branch->request, text);
		branch->text = text;
	}
}

static void step_timer(struct transaction *transaction, struct model_transaction *one)
{
	timer_wheel_start(&wheel, &transaction->timer, BEGIN + 50);
	one->timer = true;
	if (one->branch_count) {
		struct model_branch *branch = &one->branch[random_source_below(&model.random, one->branch_count)];
		timer_wheel_start(&wheel, &branch->branch->timer, BEGIN + 70000);
		branch->timer = true;
	}
}

static void step_remove(struct transaction *transaction, struct model_transaction *one)
{
	transaction_table_remove(&table, transaction);
	memset(one, 0, sizeof(*one));
}

static void step(uint32_t removes_in_100)
{
	static void (*const rows[])(struct transaction *, struct model_transaction *) = {
		step_add_branches, step_end, step_linger, step_linger, step_hold, step_keep, step_keep, step_timer,
	};
	uint32_t key = random_source_below(&model.random, KEYS);
	uint32_t row = random_source_below(&model.random, sizeof(rows) / sizeof(rows[0]));
	struct model_transaction *one = &model.transaction[random_source_below(&model.random, COUNT)];
	struct transaction *transaction = &table.transaction[one - model.transaction];

	assert_int_equal(find(key) != NULL, model_find(key) != NULL);
	step_add(key);
	step_merged(key % MERGES);
	if (one->is_live && random_source_below(&model.random, 100) < removes_in_100)
		step_remove(transaction, one);
	if (one->is_live)
		rows[row](transaction, one);
}

static void remove_all(void)
{
	transaction_table_clear(&table);
	assert_int_equal(table.used_count, 0);
	assert_int_equal(table.spare_used_count, 0);
	assert_int_equal(table.lingering_count, 0);
	assert_int_equal(table.mbufs_kept, 0);
}

static void random_use_as_the_model_says(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < STEPS; i++) {
		step(i / 1000 % 5 * 15); /* fuller and emptier */
		assert_counts();
		if (i % 64 == 0)
			assert_all();
	}
	assert_true(model.gave_way_count > 1000 && model.full_count > 100);
	assert_true(model.spent_count > 100 && model.merged_count > 1000);
	remove_all();
}

static int begin_small(void **state)
{
	(void)state;
	return begin_with(3, 6);
}

static void the_longest_lingering_gives_way_first(void **state)
{
	(void)state;
	for (uint32_t key = 1; key <= 3; key++)
		assert_non_null(add(key, 0, 1));
	assert_null(add(4, 0, 1));
	transaction_table_linger(&table, find(2));
	transaction_table_linger(&table, find(1));
	transaction_table_linger(&table, find(2)); /* once is enough: its place in the row stays */
	assert_non_null(add(4, 0, 1));
	assert_null(find(2));
	assert_non_null(find(1));
	assert_non_null(add(5, 0, 1));
	assert_null(find(1));
	assert_null(add(6, 0, 1));
	assert_non_null(find(3));
	assert_int_equal(table.gave_way_count, 2);
	remove_all();
}

static void the_share_of_mbufs_makes_room_too(void **state)
{
	(void)state;
	for (uint32_t key = 1; key <= 2; key++) {
		struct transaction *transaction = add(key, 0, 3);
		assert_non_null(transaction);
		for (uint32_t which = 0; which < 3; which++)
			keep(kept_of(transaction, which), key);
	}
	assert_null(add(3, 0, 1));
	assert_non_null(add(3, 0, 0));
	transaction_table_remove(&table, find(3));
	transaction_table_linger(&table, find(1));
	transaction_table_linger(&table, find(2));
	assert_null(add(4, 0, 7)); /* more than the share: nobody gives way for what cannot be */
	assert_int_equal(table.gave_way_count, 0);
	assert_non_null(add(4, 0, 3));
	assert_null(find(1));
	assert_non_null(find(2));
	assert_int_equal(table.mbufs_kept, 3);
	remove_all();
}

static void a_new_request_pushes_out_so_many_at_most(void **state)
{
	struct transaction *holder = add(0, 0, 0);

	(void)state;
	for (uint32_t which = 0; which < 3; which++)
		keep(kept_of(holder, which), 1);
	for (uint32_t key = 1; key < COUNT; key++)
		transaction_table_linger(&table, add(key, 0, 0));
	assert_null(add(COUNT, 0, MBUFS_MAX - 2));
	assert_int_equal(table.gave_way_count, TRANSACTION_GIVE_WAY_MAX);
	assert_int_equal(table.used_count, COUNT - TRANSACTION_GIVE_WAY_MAX);
	assert_non_null(add(COUNT, 0, MBUFS_MAX - 3));
	assert_int_equal(table.gave_way_count, TRANSACTION_GIVE_WAY_MAX);
	remove_all();
}

static void a_request_has_so_many_branches_at_most(void **state)
{
	struct transaction *transaction = add(1, 0, 0), *other = add(2, 0, 0);

	(void)state;
	for (uint32_t i = 0; i < TRANSACTION_BRANCHES_MAX; i++)
		assert_non_null(transaction_table_add_branch(&table, transaction));
	assert_null(transaction_table_add_branch(&table, transaction));
	assert_int_equal(transaction->branch_count, TRANSACTION_BRANCHES_MAX);
	assert_int_equal(table.spare_used_count, TRANSACTION_BRANCHES_MAX - 1);
	assert_non_null(transaction_table_add_branch(&table, other));
	assert_int_equal(table.spare_used_count, TRANSACTION_BRANCHES_MAX - 1);
	remove_all();
}

static void of_many_alike_so_many_are_looked_at(void **state)
{
	struct transaction *oldest = add(0, 7, 0);

	(void)state;
	for (uint32_t key = 1; key < TRANSACTION_MERGE_LOOK_MAX; key++) {
		struct transaction *transaction = add(key, 7, 0);
		transaction->state = TRANSACTION_COMPLETED;
		transaction->status = 404;
	}
	assert_ptr_equal(transaction_table_find_merged(&table, merge_key_of(7)), oldest);
	assert_null(transaction_table_find_merged(&table, merge_key_of(7 + 2)));
	struct transaction *newest = add(KEYS, 7, 0);
	assert_ptr_equal(transaction_table_find_merged(&table, merge_key_of(7)), newest);
	newest->status = 404;
	assert_null(transaction_table_find_merged(&table, merge_key_of(7)));
	remove_all();
}

static void large_messages_have_a_share_of_their_own(void **state)
{
	struct rte_mempool *large_pool = registrar_rig_dataplane()->large_pool;
	struct transaction *transaction = add(1, 0, 0);
	struct rte_mbuf *large = rte_pktmbuf_alloc(large_pool), *small = rte_pktmbuf_alloc(pool);

	(void)state;
	assert_false(transaction_table_has_room_for(&table, KEPT_LARGE, 1));
	table.size_max[KEPT_LARGE] = 2;
	assert_true(transaction_table_has_room_for(&table, KEPT_LARGE, 2));
	assert_false(transaction_table_has_room_for(&table, KEPT_LARGE, 3));
	assert_false(transaction_table_has_room_for(&table, KEPT_MEDIUM, 1));
	assert_true(transaction_table_has_room_for(&table, KEPT_SMALL, 3));
	rte_mbuf_refcnt_update(large, 1);
	transaction_table_keep(&table, &transaction->request, large, span_make(large->buf_addr, 1));
	transaction_table_keep(&table, &transaction->response, large, span_make(large->buf_addr, 1));
	assert_int_equal(kept_message_size(&transaction->request), KEPT_LARGE);
	assert_false(transaction_table_has_room_for(&table, KEPT_LARGE, 1));
	transaction_table_keep(&table, &transaction->response, small, span_make(small->buf_addr, 1));
	assert_int_equal(kept_message_size(&transaction->response), KEPT_SMALL);
	assert_int_equal(table.size_kept[KEPT_LARGE], 1);
	assert_int_equal(table.size_kept[KEPT_SMALL], 1);
	assert_int_equal(table.mbufs_kept, 2);
	assert_true(transaction_table_has_room_for(&table, KEPT_LARGE, 1));
	assert_false(transaction_table_has_room_for(&table, KEPT_LARGE, 2));
	remove_all();
	for (enum kept_size size = 0; size < KEPT_SIZE_COUNT; size++)
		assert_int_equal(table.size_kept[size], 0);
	assert_int_equal(rte_mempool_in_use_count(large_pool), 0);
}

/* The share is used up: no further target is tried, and lives go on. */
static void no_spare_branch_when_the_share_is_used_up(void **state)
{
	struct transaction *transaction = add(1, 0, 0);
	uint32_t mbufs_max = table.mbufs_max;

	(void)state;
	assert_non_null(transaction_table_add_branch(&table, transaction));
	keep(&transaction->request, 5);
	table.mbufs_max = 2;
	assert_false(transaction_table_is_short(&table));
	assert_non_null(transaction_table_add_branch(&table, transaction));
	table.mbufs_max = 1;
	assert_true(transaction_table_is_short(&table));
	assert_null(transaction_table_add_branch(&table, transaction));
	assert_int_equal(table.spare_used_count, 1);
	table.mbufs_max = mbufs_max;
	remove_all();
}

static void a_kept_message_is_a_reference_of_its_own(void **state)
{
	struct transaction *transaction = add(1, 0, 0);

	(void)state;
	keep(&transaction->request, 5);
	struct rte_mbuf *mbuf = transaction->request.mbuf;
	rte_mbuf_refcnt_update(mbuf, 1);
	transaction_table_keep(&table, &transaction->best, mbuf, kept_message_text(&transaction->request));
	assert_int_equal(table.mbufs_kept, 2);
	/* Headers in front of it do not move it. */
	rte_pktmbuf_prepend(mbuf, 20);
	assert_kept(&transaction->best, 5);
	/* The same one again, with a reference more. */
	rte_mbuf_refcnt_update(mbuf, 1);
	transaction_table_keep(&table, &transaction->best, mbuf, kept_message_text(&transaction->best));
	assert_int_equal(rte_mbuf_refcnt_read(mbuf), 2);
	assert_int_equal(table.mbufs_kept, 2);
	transaction_table_give_back(&table, &transaction->request);
	assert_kept(&transaction->request, 0);
	assert_kept(&transaction->best, 5);
	assert_int_equal(rte_mbuf_refcnt_read(mbuf), 1);
	transaction_table_remove(&table, transaction);
	assert_int_equal(rte_mempool_avail_count(pool), pool_count);
}

/* All of the memory is used, and none beyond it (ASan looks). */
static void the_plan_is_what_is_used(void **state)
{
	(void)state;
	for (uint32_t count = 1; count < 70; count += 17) {
		assert_int_equal(begin_with(count, 0), 0);
		table.mbufs_max = 1; /* for spare branches */
		assert_int_equal(transaction_table_bytes(count) % 64, 0);
		assert_int_equal((uintptr_t)table.branch % 64 + (uintptr_t)table.keys.line % 64 +
					 (uintptr_t)table.merge_keys.line % 64,
				 0);
		const char *last = (const char *)(table.merge_keys.line + table.merge_keys.line_count);
		assert_ptr_equal((const char *)memory + transaction_table_bytes(count), last);
		for (uint32_t key = 0; key < count; key++) {
			struct transaction *transaction = add(key, key, 0);
			assert_non_null(transaction_table_add_branch(&table, transaction));
		}
		assert_null(add(count, 0, 0));
		uint32_t spare = 0;
		for (uint32_t i = 0; i < table.branch_count; i++)
			spare += transaction_table_add_branch(&table, &table.transaction[i % count]) != NULL;
		assert_int_equal(spare, count < 3 ? TRANSACTION_BRANCHES_MAX - 1 : table.branch_count - count);
		remove_all();
		if (count + 17 < 70)
			free(memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_use_as_the_model_says, begin, end),
		cmocka_unit_test_setup_teardown(the_longest_lingering_gives_way_first, begin_small, end),
		cmocka_unit_test_setup_teardown(the_share_of_mbufs_makes_room_too, begin_small, end),
		cmocka_unit_test_setup_teardown(a_new_request_pushes_out_so_many_at_most, begin, end),
		cmocka_unit_test_setup_teardown(a_request_has_so_many_branches_at_most, begin, end),
		cmocka_unit_test_setup_teardown(of_many_alike_so_many_are_looked_at, begin, end),
		cmocka_unit_test_setup_teardown(large_messages_have_a_share_of_their_own, begin, end),
		cmocka_unit_test_setup_teardown(no_spare_branch_when_the_share_is_used_up, begin, end),
		cmocka_unit_test_setup_teardown(a_kept_message_is_a_reference_of_its_own, begin, end),
		cmocka_unit_test_setup_teardown(the_plan_is_what_is_used, NULL, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
