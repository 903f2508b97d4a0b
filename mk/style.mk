# What a program can check of docs/style.md, and what editors and people want from the build.
C_SOURCES = $(shell git ls-files '*.c' '*.h')

tidy: all ## layers, calls, banned functions, line length, format, docstrings, scripts, documents
	@tests/tidy.sh
lint: compile_commands.json ## clang-tidy over all C; .clang-tidy says which checks
	@git ls-files 'shared/*.c' 'vmkernel/*.c' 'cos/*.c' 'tools/*.c' | \
	  xargs -P $(or $(JOBS),2) -n 8 clang-tidy -p . --quiet
format: ## rewrite sources in the house style (long comments stay as they are)
	clang-format -i $(C_SOURCES)
# Every file's command, as the build runs it, for editors and clang-tidy.
compile_commands.json: deps
	@rm -rf $(BUILD)/commands
	@bear --output $@ -- $(MAKE) --no-print-directory BUILD=$(BUILD)/commands all >/dev/null
hooks: ## have git run tests/hooks/pre-commit before each commit
	git config core.hooksPath tests/hooks
.PHONY: tidy lint format compile_commands.json hooks
