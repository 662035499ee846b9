/// Files of data sets as users have them.
package dev.pbs2p.data;
