#include "branch_name.h"

#include "base64url_read.h"
#include "text_write.h"

#define NAME_BYTES 16

static const struct span prefix = {"z9hG4bK.", 8};

static void put_number(uint8_t *at, uint64_t number, uint32_t bytes)
{
	while (bytes--) {
		at[bytes] = (uint8_t)number;
		number >>= 8;
	}
}

static uint64_t get_number(const uint8_t *at, uint32_t bytes)
{
	uint64_t number = 0;

	while (bytes--)
		number = number << 8 | *at++;
	return number;
}

void branch_name_write(char text[BRANCH_NAME_TEXT_BYTES], const struct branch_name *name)
{
	struct text_writer writer = text_write_begin(text, BRANCH_NAME_TEXT_BYTES);
	uint8_t bytes[NAME_BYTES] = {name->node, name->worker};

	put_number(bytes + 2, name->generation, 2);
	put_number(bytes + 4, name->slot, 4);
	put_number(bytes + 8, name->secret, 8);
	text_write_span(&writer, prefix);
	text_write_base64url(&writer, bytes, sizeof(bytes));
}

bool branch_name_read(struct branch_name *name, struct span branch)
{
	uint8_t bytes[NAME_BYTES];

	if (!span_starts_with(branch, prefix) ||
	    base64url_read(bytes, sizeof(bytes), span_skip(branch, prefix.length)) != NAME_BYTES)
		return false;
	*name = (struct branch_name){
		.node = bytes[0],
		.worker = bytes[1],
		.generation = (uint16_t)get_number(bytes + 2, 2),
		.slot = (uint32_t)get_number(bytes + 4, 4),
		.secret = get_number(bytes + 8, 8),
	};
	return true;
}
