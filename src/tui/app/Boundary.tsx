import { Component, type ReactNode } from "react";

interface BoundaryProps {
  onCrash: (error: unknown) => void;
  children: ReactNode;
}

/** After an error while drawing, draws nothing and calls `onCrash` once. */
export class Boundary extends Component<BoundaryProps, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override componentDidCatch(error: unknown): void {
    this.props.onCrash(error);
  }

  override render(): ReactNode {
    return this.state.crashed ? null : this.props.children;
  }
}
