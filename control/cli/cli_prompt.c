#include "cli_prompt.h"

#include <histedit.h>
#include <stdio.h>
#include <string.h>

#include "ctl_commands.h"

#define HISTORY_LINES 200

static char *prompt_text(EditLine *edit)
{
	static char text[] = "amity> ";
	(void)edit;
	return text;
}

/* Completes the first word to the one command that begins with it. */
static unsigned char complete_command(EditLine *edit, int key)
{
	const LineInfo *line = el_line(edit);
	size_t length = (size_t)(line->cursor - line->buffer);
	const char *found = NULL;

	(void)key;
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++) {
		if (strncmp(ctl_commands[i].name, line->buffer, length) != 0)
			continue;
		if (found)
			return CC_ERROR;
		found = ctl_commands[i].name;
	}
	if (!found)
		return CC_ERROR;
	el_insertstr(edit, found + length);
	el_insertstr(edit, " ");
	return CC_REFRESH;
}

/* Result: false when the user has had enough. */
static bool run_line(const struct cli_options *options, Tokenizer *tokenizer, const char *line)
{
	int word_count = 0;
	const char **words = NULL;
	bool goes_on = true;

	tok_reset(tokenizer);
	if (tok_str(tokenizer, line, &word_count, &words) != 0)
		fprintf(stderr, "amityctl: a quote is not closed\n");
	else if (word_count > 0 && (strcmp(words[0], "quit") == 0 || strcmp(words[0], "exit") == 0))
		goes_on = false;
	else if (word_count > 0)
		(void)cli_run_words(options, word_count, (char *const *)words);
	return goes_on;
}

enum cli_outcome cli_prompt_run(const struct cli_options *options)
{
	HistEvent event;
	EditLine *edit = el_init("amityctl", stdin, stdout, stderr);
	History *past = history_init();
	Tokenizer *tokenizer = tok_init(NULL);
	enum cli_outcome outcome = CLI_REFUSED;
	const char *line;
	int length;

	if (!edit || !past || !tokenizer) {
		fprintf(stderr,
			"amityctl: cannot use this terminal: give a command instead, `amityctl help` lists all\n");
		goto done;
	}
	history(past, &event, H_SETSIZE, HISTORY_LINES);
	el_set(edit, EL_PROMPT, prompt_text);
	el_set(edit, EL_EDITOR, "emacs");
	el_set(edit, EL_SIGNAL, 1);
	el_set(edit, EL_HIST, history, past);
	el_set(edit, EL_ADDFN, "complete-command", "complete the name of a command", complete_command);
	el_set(edit, EL_BIND, "^I", "complete-command", NULL);
	printf("router at %s; `help` lists the commands, `quit` leaves\n", options->socket_path);
	while ((line = el_gets(edit, &length)) && length > 0) {
		history(past, &event, H_ENTER, line);
		if (!run_line(options, tokenizer, line))
			break;
	}
	outcome = CLI_DONE;
done:
	if (tokenizer)
		tok_end(tokenizer);
	if (past)
		history_end(past);
	if (edit)
		el_end(edit);
	return outcome;
}
