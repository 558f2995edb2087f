/*
 * For builds with -fsanitize=thread: says to it what rte_hash does. Debian's librte_hash and librte_rcu are not
 * instrumented, so that two orders that they make are invisible; they are named here, and no others:
 *
 *   a value is added with a release store, and found with an acquire load
 *   adding and deleting look after what readers have left (rte_rcu_qsbr_check), which reads their reports with acquire
 *   loads; our own check of the same token then ends early, without a load that could be seen
 *
 * A table that changes a value after it added it, or frees one that a reader has found in its present burst, is still
 * seen. The linker puts these functions in the place of the library's (--wrap).
 */
#include <sanitizer/tsan_interface.h>

#include <rte_hash.h>
#include <rte_rcu_qsbr.h>

int __real_rte_hash_rcu_qsbr_add(struct rte_hash *hash, struct rte_hash_rcu_config *config);
int __real_rte_hash_add_key_data(const struct rte_hash *hash, const void *key, void *value);
int __real_rte_hash_del_key(const struct rte_hash *hash, const void *key);
int __real_rte_hash_lookup_data(const struct rte_hash *hash, const void *key, void **value);
int __wrap_rte_hash_rcu_qsbr_add(struct rte_hash *hash, struct rte_hash_rcu_config *config);
int __wrap_rte_hash_add_key_data(const struct rte_hash *hash, const void *key, void *value);
int __wrap_rte_hash_del_key(const struct rte_hash *hash, const void *key);
int __wrap_rte_hash_lookup_data(const struct rte_hash *hash, const void *key, void **value);

static struct rte_rcu_qsbr *qsbr; /* of the one table of a test */

static void acquire_reports(void)
{
	for (uint32_t i = 0; i < qsbr->max_threads; i++)
		__tsan_acquire(&qsbr->qsbr_cnt[i].cnt);
}

int __wrap_rte_hash_rcu_qsbr_add(struct rte_hash *hash, struct rte_hash_rcu_config *config)
{
	qsbr = config->v;
	return __real_rte_hash_rcu_qsbr_add(hash, config);
}

int __wrap_rte_hash_add_key_data(const struct rte_hash *hash, const void *key, void *value)
{
	__tsan_release(value);
	int result = __real_rte_hash_add_key_data(hash, key, value);
	acquire_reports();
	return result;
}

int __wrap_rte_hash_del_key(const struct rte_hash *hash, const void *key)
{
	int position = __real_rte_hash_del_key(hash, key);
	acquire_reports();
	return position;
}

int __wrap_rte_hash_lookup_data(const struct rte_hash *hash, const void *key, void **value)
{
	int position = __real_rte_hash_lookup_data(hash, key, value);

	if (position >= 0)
		__tsan_acquire(*value);
	return position;
}
