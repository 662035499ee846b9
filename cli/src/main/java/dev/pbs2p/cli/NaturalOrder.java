package dev.pbs2p.cli;

import java.util.Comparator;

/// Orders names as people count: numbers in them by value.
final class NaturalOrder implements Comparator<String> {

    @Override
    public int compare(String a, String b) {
        return padded(a).compareTo(padded(b));
    }

    private static String padded(String name) {
        StringBuilder out = new StringBuilder();
        for (String part : name.split("(?<=\\D)(?=\\d)|(?<=\\d)(?=\\D)", -1)) {
            boolean number = !part.isEmpty() && Character.isDigit(part.charAt(0));
            out.append(number ? "0".repeat(Math.max(0, 9 - part.length())) + part : part);
        }
        return out.toString();
    }
}
