#include "quoted_request_read.h"

#include "token_name.h"

static const struct span via_text = SPAN_LITERAL("Via: SIP/2.0/UDP ");
static const struct span branch_text = SPAN_LITERAL(";branch=");

/* Takes a line with its CRLF off `rest`. The last one may be cut: it then ends with the quotation. */
static struct span take_line(struct span *rest)
{
	const char *feed = rest->length ? memchr(rest->at, '\n', rest->length) : NULL;
	uint32_t length = feed ? (uint32_t)(feed - rest->at) : rest->length;
	struct span line = span_make(rest->at, length);

	*rest = span_skip(*rest, length + (feed != NULL));
	if (line.length && line.at[line.length - 1] == '\r')
		line.length--;
	return line;
}

/* The parameter is as long as ours, or something other than a character of it follows. */
static bool find_branch(struct span *branch, struct span via)
{
	const char *at = memmem(via.at, via.length, branch_text.at, branch_text.length);

	if (at == NULL)
		return false;
	struct span rest = span_skip(via, (uint32_t)(at - via.at) + branch_text.length);
	if (rest.length < BRANCH_NAME_TEXT_BYTES)
		return false;
	*branch = span_make(rest.at, BRANCH_NAME_TEXT_BYTES);
	return rest.length == branch->length || rest.at[branch->length] == ';';
}

bool quoted_request_read(struct quoted_request *quoted, struct span beginning)
{
	struct span start_line = take_line(&beginning), via = take_line(&beginning), branch;
	const char *space = start_line.length ? memchr(start_line.at, ' ', start_line.length) : NULL;
	struct branch_name name;

	/* A response is about a server transaction: its start line begins with the version. */
	if (space == NULL || span_starts_with(start_line, SPAN_LITERAL("SIP/")) || !span_starts_with(via, via_text))
		return false;
	if (!find_branch(&branch, via) || !branch_name_read(&name, branch))
		return false;
	quoted->branch = name;
	quoted->method = (uint8_t)token_name_find_method(span_make(start_line.at, (size_t)(space - start_line.at)));
	return true;
}
