package dev.pbs2p.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `N:M` as written on the command line: N weights kept of every M.
record NmPattern(int n, int m) {

    private static final Pattern SYNTAX = Pattern.compile("(\\d{1,2}):(\\d{1,2})");

    static NmPattern parse(String text) {
        Matcher nm = SYNTAX.matcher(text);
        if (!nm.matches()) {
            throw new IllegalArgumentException("--pattern is N:M, such as 4:8 or 8:16, not " + text);
        }
        return new NmPattern(Integer.parseInt(nm.group(1)), Integer.parseInt(nm.group(2)));
    }
}
