#include "dialog_case.h"

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"

/* Splits "<sip:x@y>;tag=z". */
static void split_tag(char *address, size_t address_size, char *tag, size_t tag_size, const char *message,
		      const char *name)
{
	assert_true(sip_find_header(address, address_size, message, name, 0));
	char *at = strstr(address, ";tag=");
	assert_non_null(at);
	snprintf(tag, tag_size, "%s", at + 5);
	*at = '\0';
}

void dialog_case_take(struct dialog_case *dialog, const struct scene *scene, const struct leg *invite,
		      const char *response)
{
	char tag[64];

	*dialog = (struct dialog_case){.callee = invite->peer};
	snprintf(dialog->call_id, sizeof(dialog->call_id), "%s", scene->call_id);
	split_tag(dialog->caller_from, sizeof(dialog->caller_from), dialog->caller_tag, sizeof(dialog->caller_tag),
		  response, "From");
	split_tag(dialog->caller_to, sizeof(dialog->caller_to), dialog->callee_tag, sizeof(dialog->callee_tag),
		  response, "To");
	split_tag(dialog->callee_to, sizeof(dialog->callee_to), tag, sizeof(tag), invite->text, "From");
	assert_true(sip_find_header(dialog->callee_from, sizeof(dialog->callee_from), invite->text, "To", 0));
	snprintf(dialog->caller_contact, sizeof(dialog->caller_contact), "sip:caller@%s", scene->caller);
	snprintf(dialog->callee_contact, sizeof(dialog->callee_contact), "sip:callee@%s", invite->peer);
	assert_true(sip_find_header(dialog->route, sizeof(dialog->route), response, "Record-Route", 0));
}

void dialog_case_begin(struct dialog_case *dialog, struct scene *scene, const char *number, const char *callee)
{
	struct leg invite;

	scene_call(scene, number);
	scene_expect_request(scene, &invite, callee, "INVITE");
	scene_answer(scene, &invite, 200);
	dialog_case_take(dialog, scene, &invite, scene_expect_status(scene, DESK, 200));
}

void dialog_case_send_again(struct dialog_case *dialog, struct scene *scene, bool by_caller)
{
	pipeline_send(scene->pipeline, by_caller ? scene->caller : dialog->callee, dialog->text);
}

void dialog_case_write(struct dialog_case *dialog, const struct scene *scene, bool by_caller, const char *method,
		       unsigned int cseq)
{
	char to[512], headers[2600];
	const char *peer = by_caller ? scene->caller : dialog->callee;

	if (dialog->branch[0] == '\0' || strncmp(dialog->branch, "z9hG4bKdialog-", 14) == 0)
		snprintf(dialog->branch, sizeof(dialog->branch), "z9hG4bKdialog-%s-%u", dialog->call_id,
			 strcmp(method, "ACK") == 0 ? 0 : ++dialog->request_count);
	snprintf(to, sizeof(to), "%s;tag=%s", by_caller ? dialog->caller_to : dialog->callee_to,
		 by_caller ? dialog->callee_tag : dialog->caller_tag);
	snprintf(headers, sizeof(headers), "Route: %s\r\nContact: <%s>\r\n", dialog->route,
		 by_caller ? dialog->caller_contact : dialog->callee_contact);
	const struct sip_request request = {
		.method = method,
		.uri = by_caller ? dialog->callee_contact : dialog->caller_contact,
		.from = by_caller ? dialog->caller_from : dialog->callee_from,
		.from_tag = by_caller ? dialog->caller_tag : dialog->callee_tag,
		.to = to,
		.via = peer,
		.branch = dialog->branch,
		.call_id = dialog->call_id,
		.cseq = cseq,
		.headers = headers,
	};
	sip_request_write(dialog->text, &request);
}

void dialog_case_send(struct dialog_case *dialog, struct scene *scene, bool by_caller, const char *method,
		      unsigned int cseq)
{
	dialog_case_write(dialog, scene, by_caller, method, cseq);
	dialog_case_send_again(dialog, scene, by_caller);
}
