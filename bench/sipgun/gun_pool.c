#include "gun_pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Longer ones would not fit a message. */
#define WORD_BYTES_MAX 128
#define WORDS_MAX      4

/* Rows in the order of the file, while it is read. */
struct reading {
	struct gun_pool *pool;
	const char *name;
	uint32_t line;
	char *error;
	uint32_t *bucket; /* hash -> domain + 1 */
	uint32_t bucket_mask;
	char *uri_at;
};

static bool refuse(struct reading *reading, const char *what, struct span word)
{
	snprintf(reading->error, GUN_POOL_ERROR_BYTES,
		 "%s:%u: %s" SPAN_FORMAT "%s\n  a row is 'user DOMAIN NAME PASSWORD' or 'dial DOMAIN NUMBER'",
		 reading->name, reading->line, what, SPAN_ARGUMENTS(word), word.length ? "'" : "");
	return false;
}

static struct span take_word(struct span *line)
{
	uint32_t length = 0;

	*line = span_trim(*line);
	while (length < line->length && line->at[length] != ' ' && line->at[length] != '\t')
		length++;
	struct span word = span_make(line->at, length);
	*line = span_skip(*line, length);
	return word;
}

static uint32_t hash_of(struct span text)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < text.length; i++)
		hash = (hash ^ (uint8_t)span_lower_byte(text.at[i])) * 16777619u;
	return hash ^ hash >> 15;
}

static struct span write_uri(struct reading *reading, struct span user, struct span domain)
{
	char *start = reading->uri_at;
	int length = user.length ? sprintf(start, "sip:" SPAN_FORMAT "@" SPAN_FORMAT, SPAN_ARGUMENTS(user),
					   SPAN_ARGUMENTS(domain))
				 : sprintf(start, "sip:" SPAN_FORMAT, SPAN_ARGUMENTS(domain));

	reading->uri_at += length + 1;
	return span_make(start, (size_t)length);
}

static uint32_t find_domain(struct reading *reading, struct span name)
{
	struct gun_pool *pool = reading->pool;
	uint32_t at = hash_of(name) & reading->bucket_mask;

	for (; reading->bucket[at] != 0; at = (at + 1) & reading->bucket_mask)
		if (span_equals_nocase(pool->domain[reading->bucket[at] - 1].name, name))
			return reading->bucket[at] - 1;
	struct gun_domain *domain = &pool->domain[pool->domain_count++];
	*domain = (struct gun_domain){.name = name, .uri = write_uri(reading, (struct span){0}, name)};
	gun_digest_make_ha2(&domain->ha2, SPAN_LITERAL("REGISTER"), domain->uri);
	reading->bucket[at] = pool->domain_count;
	return pool->domain_count - 1;
}

static bool read_row(struct reading *reading, const struct span *word, uint32_t count)
{
	struct gun_pool *pool = reading->pool;
	bool is_user = span_equals(word[0], SPAN_LITERAL("user"));

	if (!is_user && !span_equals(word[0], SPAN_LITERAL("dial")))
		return refuse(reading, "there are no rows '", word[0]);
	if (count != (is_user ? 4 : 3))
		return refuse(reading,
			      count < (is_user ? 4 : 3) ? "words are missing behind '" : "there is more behind '",
			      word[count < (is_user ? 4 : 3) ? count - 1
				   : is_user		     ? 3
							     : 2]);
	for (uint32_t i = 1; i < count; i++)
		if (word[i].length > WORD_BYTES_MAX)
			return refuse(reading, "no message has room for '", word[i]);
	uint32_t domain = find_domain(reading, word[1]);
	if (is_user) {
		struct gun_user *user = &pool->user[pool->user_count++];
		*user = (struct gun_user){.name = word[2], .password = word[3], .domain = domain};
		pool->domain[domain].user_count++;
		return true;
	}
	struct gun_dial *dial = &pool->dial[pool->dial_count++];
	*dial = (struct gun_dial){.number = word[2], .domain = domain};
	dial->uri = write_uri(reading, word[2], word[1]);
	pool->domain[domain].dial_count++;
	return true;
}

static bool read_line(struct reading *reading, struct span line)
{
	struct span word[WORDS_MAX + 1];
	uint32_t count = 0;

	reading->line++;
	while (count <= WORDS_MAX && (word[count] = take_word(&line)).length > 0 && word[count].at[0] != '#')
		count++;
	return count == 0 || read_row(reading, word, count);
}

static int compare_users(const void *a, const void *b)
{
	const struct gun_user *left = a, *right = b;
	int order = (left->domain > right->domain) - (left->domain < right->domain);
	return order ? order : (left->name.at > right->name.at) - (left->name.at < right->name.at);
}

static int compare_dials(const void *a, const void *b)
{
	const struct gun_dial *left = a, *right = b;
	int order = (left->domain > right->domain) - (left->domain < right->domain);
	return order ? order : (left->number.at > right->number.at) - (left->number.at < right->number.at);
}

/* The rows of a domain side by side, in the order of the file; and their hashes. */
static void arrange(struct gun_pool *pool)
{
	uint32_t user = 0, dial = 0;

	if (pool->user_count > 0)
		qsort(pool->user, pool->user_count, sizeof(*pool->user), compare_users);
	if (pool->dial_count > 0)
		qsort(pool->dial, pool->dial_count, sizeof(*pool->dial), compare_dials);
	for (uint32_t i = 0; i < pool->domain_count; i++) {
		struct gun_domain *domain = &pool->domain[i];
		domain->first_user = user;
		domain->first_dial = dial;
		user += domain->user_count;
		dial += domain->dial_count;
		if (domain->user_count > 0 && domain->dial_count > 0)
			pool->calling[pool->calling_count++] = i;
	}
	for (uint32_t i = 0; i < pool->user_count; i++)
		gun_digest_make_ha1(&pool->user[i].ha1, pool->user[i].name, pool->domain[pool->user[i].domain].name,
				    pool->user[i].password);
	for (uint32_t i = 0; i < pool->dial_count; i++)
		gun_digest_make_ha2(&pool->dial[i].ha2, SPAN_LITERAL("INVITE"), pool->dial[i].uri);
}

static bool make_room(struct reading *reading, struct span text)
{
	struct gun_pool *pool = reading->pool;
	size_t lines = 1;

	for (uint32_t i = 0; i < text.length; i++)
		lines += text.at[i] == '\n';
	for (reading->bucket_mask = 1; reading->bucket_mask < 2 * lines;)
		reading->bucket_mask *= 2;
	reading->bucket = calloc(reading->bucket_mask--, sizeof(*reading->bucket));
	pool->user = calloc(lines, sizeof(*pool->user));
	pool->dial = calloc(lines, sizeof(*pool->dial));
	pool->domain = calloc(lines, sizeof(*pool->domain));
	pool->calling = calloc(lines, sizeof(*pool->calling));
	pool->text = malloc((size_t)text.length + 1);
	pool->uris = malloc(2 * ((size_t)text.length + 8 * lines));
	if (!reading->bucket || !pool->user || !pool->dial || !pool->domain || !pool->calling || !pool->text ||
	    !pool->uris) {
		snprintf(reading->error, GUN_POOL_ERROR_BYTES, "%s: no memory for %zu rows", reading->name, lines);
		return false;
	}
	if (text.length > 0)
		memcpy(pool->text, text.at, text.length);
	reading->uri_at = pool->uris;
	return true;
}

bool gun_pool_read(struct gun_pool *pool, const char *name, struct span text, char error[GUN_POOL_ERROR_BYTES])
{
	*pool = (struct gun_pool){0};
	struct reading reading = {.pool = pool, .name = name, .error = error};
	bool is_right = make_room(&reading, text);
	struct span rest = span_make(pool->text, text.length);

	while (is_right && rest.length > 0) {
		const char *feed = memchr(rest.at, '\n', rest.length);
		uint32_t length = feed ? (uint32_t)(feed - rest.at) : rest.length;
		is_right = read_line(&reading, span_make(rest.at, length));
		rest = span_skip(rest, length + 1);
	}
	free(reading.bucket);
	if (is_right)
		arrange(pool);
	else
		gun_pool_free(pool);
	return is_right;
}

bool gun_pool_load(struct gun_pool *pool, const char *path, char error[GUN_POOL_ERROR_BYTES])
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	long length = -1;
	bool is_right = false;

	*pool = (struct gun_pool){0};
	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		length = ftell(file);
	if (length >= 0 && length < INT32_MAX && fseek(file, 0, SEEK_SET) == 0)
		text = malloc((size_t)length + 1);
	if (text != NULL && fread(text, 1, (size_t)length, file) == (size_t)length)
		is_right = gun_pool_read(pool, path, span_make(text, (size_t)length), error);
	else
		snprintf(error, GUN_POOL_ERROR_BYTES, "--pool %s: it cannot be read: %s", path, strerror(errno));
	if (file != NULL)
		fclose(file);
	free(text);
	return is_right;
}

void gun_pool_free(struct gun_pool *pool)
{
	free(pool->user);
	free(pool->dial);
	free(pool->domain);
	free(pool->calling);
	free(pool->text);
	free(pool->uris);
	*pool = (struct gun_pool){0};
}
