#include "pattern_content.h"

#include <stdlib.h>

#include <hs.h>

static size_t head_bytes(const struct span *pattern, uint32_t count)
{
	size_t bytes = sizeof(count) + count * (1 + sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++)
		bytes += pattern[i].length;
	return bytes;
}

static char *append(char *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

enum status pattern_content_write(void **content, size_t *length, const struct pattern_product *product,
				  const struct span *pattern, uint32_t count)
{
	char *serialised = NULL;
	size_t serialised_bytes = 0, head = head_bytes(pattern, count);
	if (hs_serialize_database(product->database, &serialised, &serialised_bytes) != HS_SUCCESS)
		return STATUS_NO_MEMORY;
	char *bytes = malloc(head + serialised_bytes), *at = bytes;
	if (bytes) {
		at = append(at, &count, sizeof(count));
		at = append(at, product->confirm, count);
		for (uint32_t i = 0; i < count; i++)
			at = append(at, &pattern[i].length, sizeof(uint32_t));
		for (uint32_t i = 0; i < count; i++)
			at = append(at, pattern[i].at, pattern[i].length);
		append(at, serialised, serialised_bytes);
		*content = bytes;
		*length = head + serialised_bytes;
	}
	free(serialised);
	return bytes ? STATUS_OK : STATUS_NO_MEMORY;
}

static bool is_same(const char *at, const struct span *pattern, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++, at += sizeof(uint32_t))
		if (memcmp(at, &pattern[i].length, sizeof(uint32_t)) != 0)
			return false;
	for (uint32_t i = 0; i < count; at += pattern[i].length, i++)
		if (memcmp(at, pattern[i].at, pattern[i].length) != 0)
			return false;
	return true;
}

bool pattern_content_read(struct pattern_product *product, const void *content, size_t length,
			  const struct span *pattern, uint32_t count)
{
	const char *at = content;
	size_t head = head_bytes(pattern, count);
	if (length <= head || memcmp(at, &count, sizeof(count)) != 0 ||
	    !is_same(at + sizeof(count) + count, pattern, count))
		return false;
	struct pattern_product made = {.confirm = malloc(count)};
	if (!made.confirm || hs_deserialize_database(at + head, length - head, &made.database) != HS_SUCCESS) {
		free(made.confirm);
		return false;
	}
	memcpy(made.confirm, at + sizeof(count), count);
	*product = made;
	return true;
}
