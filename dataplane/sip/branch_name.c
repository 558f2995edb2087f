#include "branch_name.h"

#include "base64url_read.h"
#include "text_write.h"

#define NAME_BYTES 16

#define PREFIX	     "z9hG4bK."
#define PREFIX_BYTES (sizeof(PREFIX) - 1)

static const struct span prefix = SPAN_LITERAL(PREFIX);
_Static_assert(NAME_BYTES == BASE64URL_BLOCK_BYTES && BRANCH_NAME_TEXT_BYTES == PREFIX_BYTES + BASE64URL_BLOCK_DIGITS,
	       "a block");

/* In network order; bytes are little-endian on every node (keyed_hash.c). */
static uint64_t get_number(const uint8_t at[8])
{
	uint64_t number;

	memcpy(&number, at, sizeof(number));
	return __builtin_bswap64(number);
}

void branch_name_write(char text[BRANCH_NAME_TEXT_BYTES], const struct branch_name *name)
{
	uint64_t place = (uint64_t)name->node << 56 | (uint64_t)name->worker << 48 | (uint64_t)name->generation << 32 |
			 name->slot;

	memcpy(text, PREFIX, PREFIX_BYTES);
	text_write_base64url_block(text + PREFIX_BYTES, place, name->secret);
}

bool branch_name_read(struct branch_name *name, struct span branch)
{
	uint8_t bytes[NAME_BYTES];

	if (branch.length != BRANCH_NAME_TEXT_BYTES || !span_starts_with(branch, prefix) ||
	    !base64url_read_block(bytes, branch.at + prefix.length))
		return false;
	uint64_t place = get_number(bytes);
	*name = (struct branch_name){
		.node = bytes[0],
		.worker = bytes[1],
		.generation = (uint16_t)(place >> 32),
		.slot = (uint32_t)place,
		.secret = get_number(bytes + 8),
	};
	return true;
}
