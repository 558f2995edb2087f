#include "refusal_phrase.h"

#include "text_write.h"

struct span refusal_phrase_write(char text[REFUSAL_PHRASE_BYTES_MAX], enum reason reason, const struct call_acl *acl)
{
	struct text_writer writer = text_write_begin(text, REFUSAL_PHRASE_BYTES_MAX);
	struct span phrase = span_of_text(reason_rows[reason].phrase);

	if (reason != REASON_CALL_ACL_DENIED || !acl)
		return phrase;
	text_write_span(&writer, phrase);
	text_write_char(&writer, ' ');
	text_write_span(&writer, acl->name);
	return writer.overflowed ? phrase : text_written(&writer);
}
