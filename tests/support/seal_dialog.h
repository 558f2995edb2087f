/*
 * seal_dialog.h - a dialog's cookie from its contents to its text, as rewrite_request.c makes it in two steps.
 */
#ifndef AMITY_SEAL_DIALOG_H
#define AMITY_SEAL_DIALOG_H

#include "route_cookie.h"
#include "route_cookie_seal.h"

/* Thread: any.   Result: text length, or -1 when it does not fit the bounds of route_cookie.h or `capacity`. */
static inline int seal_dialog(char *text, uint32_t capacity, const struct dialog_cookie *cookie,
			      const struct secret_keys *keys, struct span call_id)
{
	char plain[ROUTE_COOKIE_CONTENTS_ROOM];
	struct text_writer sealed = text_write_begin(text, capacity);
	int length = route_cookie_put_dialog(plain, cookie);

	return length < 0 ? -1 : route_cookie_seal(&sealed, span_make(plain, (size_t)length), &keys->cookie, call_id);
}

#endif
