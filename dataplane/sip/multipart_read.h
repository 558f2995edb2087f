/*
 * multipart_read.h - the parts of a multipart body, one after the other (RFC 2046 5.1).
 *
 *   --boundary CRLF headers CRLF CRLF body CRLF --boundary CRLF ... CRLF --boundary-- CRLF
 *
 * Lines may end with LF alone. Without its last delimiter a body ends with its last part.
 */
#ifndef AMITY_MULTIPART_READ_H
#define AMITY_MULTIPART_READ_H

#include "line_read.h"
#include "span.h"

struct multipart {
	struct line_read lines;
	struct span boundary;
	bool has_part; /* the lines of one are next */
};

/* What can be said of a part. Values have length 0 when there is no such header. */
struct multipart_part {
	struct span content_type;
	struct span content_encoding;
	struct span transfer_encoding; /* Content-Transfer-Encoding, of MIME alone */
	struct span body;
};

/* Finds the first part of `body`, whose Content-Type has those `parameters`, from its ';' on. Thread: any. Result:
 * false when there is no boundary among them, or it is not in the body. */
bool multipart_read_begin(struct multipart *multipart, struct span parameters, struct span body);

/* Takes a part. Thread: any. Result: false when there is none left. */
bool multipart_read_part(struct multipart_part *part, struct multipart *multipart);

#endif
