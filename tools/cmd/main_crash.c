/* main_crash.c - `lostbeat-crash`: the command `crash` of `lostbeat`, see main_front.c. */
#include "tools/cmd/cmd.h"

int main(int argc, char **argv)
{
    return argc > 1 ? cmd_crash.run(argc - 1, argv + 1) : cmd_crash.run(argc, argv);
}
